import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isErrorCode } from '#infra/errors/index.ts'
import {
  ackHead,
  commandResult,
  errorResult,
  membershipFrame,
  readFrame,
  storedResult,
  typingFrame,
} from './payload.ts'

test('an ack is valid JSON whatever the client chose as frame id', () => {
  const results = [
    storedResult('a', 1, 2, false),
    storedResult('b', 1, 2, true),
    commandResult('c', 'applied', 3),
    commandResult('', 'noop'),
    errorResult(true, 'not "an" id\n', { code: 'INVALID_ARGUMENT' }),
    errorResult(false, 'd', { code: 'FORBIDDEN', message: 'why' }),
  ]
  const ack = JSON.parse(`${ackHead('frame "1"\u2028', '100')}${results.join()}]}`) as Record<string, unknown>
  const list = ack['results'] as Record<string, unknown>[]
  assert.deepEqual(list.slice(0, 4), [
    { clientMessageId: 'a', seq: 1, createdAt: 2 },
    { clientMessageId: 'b', seq: 1, createdAt: 2, duplicate: true },
    { commandId: 'c', outcome: 'applied', seq: 3 },
    { commandId: '', outcome: 'noop' },
  ])
  assert.equal(ack['id'], 'frame "1"\u2028')
  const [invalid, forbidden] = list.slice(4).map((result) => result['error'] as Record<string, unknown>)
  assert.ok(isErrorCode(invalid?.['code']) && invalid['retryable'] === false)
  assert.equal(forbidden?.['message'], 'why')
})

test('read, typing and membership frames', () => {
  assert.deepEqual(JSON.parse(membershipFrame('1', 'leaveSeq', 3).toString()), {
    t: 'membership',
    conversationId: '1',
    leaveSeq: 3,
  })
  assert.deepEqual(JSON.parse(readFrame('1', '2', 3).toString()), {
    t: 'read',
    conversationId: '1',
    userId: '2',
    seq: 3,
  })
  assert.deepEqual(JSON.parse(typingFrame('1', '2').toString()), { t: 'typing', conversationId: '1', userId: '2' })
})
