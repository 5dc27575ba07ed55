import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgePage } from './judge-page.ts'

function judge(seqs: readonly number[]) {
  const entries = seqs.map((seq) => `{"conversationId":"7","seq":${seq},"body":{"text":"x"}}`)
  const data = Buffer.from(
    `ahead"seq":99{"t":"page","id":"h","entries":[${entries.join()}],"lastSeq":500}behind"seq":4`,
  )
  return judgePage(data, 'ahead"seq":99'.length, data.length - 'behind"seq":4'.length, 10, 3)
}

test('a page is whole when it holds what follows, in order; what stands around it is not its own', () => {
  assert.deepEqual(judge([11, 12, 13]), { missing: 0, misplaced: 0 })
})

test('what is missing, twice, foreign or out of order is counted', () => {
  assert.deepEqual(judge([11, 13]), { missing: 1, misplaced: 0 })
  assert.deepEqual(judge([]), { missing: 3, misplaced: 0 })
  assert.deepEqual(judge([11, 11, 12, 13]), { missing: 0, misplaced: 1 })
  assert.deepEqual(judge([12, 11, 13]), { missing: 0, misplaced: 1 })
  assert.deepEqual(judge([12, 13, 14]), { missing: 1, misplaced: 0 })
})
