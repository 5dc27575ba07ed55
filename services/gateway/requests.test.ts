import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer, NewCommand, ReplyAddress } from './ports.ts'
import { createRequests } from './requests.ts'

const command: NewCommand = { id: 'c1', conversationId: '42', actorId: '7', body: { case: 'leave', value: {} } }
const answer: Answer = { t: 'ack', id: '1', conversationId: '42', results: [{ commandId: 'c1', outcome: 'applied' }] }

function setUp(isTaken = true) {
  const sent: (ReplyAddress | undefined)[] = []
  const submit = (_commands: readonly NewCommand[], replyTo?: ReplyAddress) => isTaken && sent.push(replyTo) > 0
  return { requests: createRequests({ submit }), sent }
}

test('example: a request waits for the answer with its number, addressed to connection 0', async () => {
  const { requests, sent } = setUp()
  const waiting = [requests.submit(command, 1000), requests.submit(command, 1000)]
  assert.deepEqual(sent, [
    { connection: 0, request: '1' },
    { connection: 0, request: '2' },
  ])
  requests.resolve('2', { ...answer, id: '2' })
  requests.resolve('1', answer)
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ id }) => id),
    ['1', '2'],
  )
  requests.resolve('1', answer)
})

test('a full lane is OVERLOADED at once', async () => {
  await assert.rejects(setUp(false).requests.submit(command, 1000), { code: 'OVERLOADED' })
})

test('no answer in time is ACK_TIMEOUT; a caller that hangs up gets DEADLINE_EXCEEDED; a gateway that stops, DRAINING', async () => {
  const { requests } = setUp()
  await assert.rejects(requests.submit(command, 5), { code: 'ACK_TIMEOUT' })
  const hangUp = new AbortController()
  const abandoned = requests.submit(command, 1000, hangUp.signal)
  hangUp.abort()
  await assert.rejects(abandoned, { code: 'DEADLINE_EXCEEDED' })
  await assert.rejects(requests.submit(command, 1000, AbortSignal.abort()), { code: 'DEADLINE_EXCEEDED' })
  const last = requests.submit(command, 1000)
  requests[Symbol.dispose]()
  await assert.rejects(last, { code: 'DRAINING' })
})
