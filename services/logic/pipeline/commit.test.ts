import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCommitLedger } from './commit.ts'
import { recordOf } from './testing/records.ts'

const topic = 'gochat.upstream'

test('example: the offset behind the last finished record, once', () => {
  const ledger = createCommitLedger(topic)
  ledger.reset(1)
  ledger.finished({ records: [recordOf(0, 4), recordOf(0, 5), recordOf(3, 9)] }, 1)
  assert.deepEqual(ledger.take(), [
    { topic, partition: 0, offset: 6 },
    { topic, partition: 3, offset: 10 },
  ])
  assert.deepEqual(ledger.take(), [])
})

test('what was dispatched under an older assignment is not ours to commit', () => {
  const ledger = createCommitLedger(topic)
  ledger.reset(1)
  ledger.finished({ records: [recordOf(0, 4)] }, 1)
  ledger.reset(2)
  ledger.finished({ records: [recordOf(0, 5)] }, 1)
  assert.deepEqual(ledger.take(), [])
})

test('after a failed commit it is asked for again, unless there is a newer offset or assignment', () => {
  const ledger = createCommitLedger(topic)
  ledger.reset(1)
  ledger.finished({ records: [recordOf(0, 4), recordOf(1, 4)] }, 1)
  const failed = ledger.take()
  ledger.finished({ records: [recordOf(1, 5)] }, 1)
  ledger.putBack(failed, 1)
  const offsets = ledger.take().map(({ partition, offset }) => [partition, offset])
  assert.deepEqual(new Set(offsets.map(String)), new Set(['0,5', '1,6']))
  ledger.reset(2)
  ledger.putBack(failed, 1)
  assert.deepEqual(ledger.take(), [])
})
