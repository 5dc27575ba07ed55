import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import type { ClientFrame, NewMessage, SendFrame } from '../../proto/frames/index.ts'
import { ChatError } from './errors.ts'
import { createOutbox, type Outbox, type OutboxOptions } from './outbox.ts'

const text = (id: string): NewMessage => ({ clientMessageId: id, type: 'text', body: { text: id } })
const ids = (frame: SendFrame) => frame.messages.map((message) => message.clientMessageId)
const unavailable = { code: 'UNAVAILABLE', message: '', retryable: true, retryAfterMs: 100 }
const invalid = { code: 'INVALID_ARGUMENT', message: '', retryable: false }

let sent: SendFrame[]
let isConnected: boolean
let outbox: Outbox

function open(more: Partial<OutboxOptions> = {}): void {
  outbox = createOutbox({
    send: (frame: ClientFrame) => {
      if (isConnected) sent.push(frame as SendFrame)
      return isConnected
    },
    onSent: () => {},
    ackTimeoutMs: 1000,
    maxMessagesPerFrame: 3,
    maxFrameBytes: 2000,
    maxWaiting: 100,
    ...more,
  })
}

const ack = (...results: object[]) =>
  outbox.accept({ t: 'ack', id: 'any', conversationId: '7', results: results as never })
const stored = (clientMessageId: string, seq: number) => ({ clientMessageId, seq, createdAt: 1 })

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] })
  mock.method(Math, 'random', () => 0.5)
  sent = []
  isConnected = true
  open()
})
afterEach(() => {
  mock.timers.reset()
  mock.restoreAll()
})

test('one frame of a conversation is on its way; what comes meanwhile goes together in the next', async () => {
  const first = outbox.push('7', text('a'))
  for (const id of ['b', 'c', 'd', 'e']) void outbox.push('7', text(id))
  void outbox.push('8', text('x'))
  assert.deepEqual(sent.map(ids), [['a'], ['x']])
  ack(stored('a', 1))
  assert.equal((await first).seq, 1)
  assert.deepEqual(sent.map(ids).slice(2), [['b', 'c', 'd']])
})

test('without an ack the same messages go out again, in order', () => {
  void outbox.push('7', text('a'))
  mock.timers.tick(1000)
  assert.deepEqual(sent.map(ids), [['a'], ['a']])
})

test('after a reconnect everything unanswered goes out again before anything newer', () => {
  void outbox.push('7', text('a'))
  isConnected = false
  outbox.suspend()
  void outbox.push('7', text('b'))
  isConnected = true
  outbox.resume()
  assert.deepEqual(ids(sent.at(-1)!), ['a', 'b'])
})

test('a retryable refusal is sent again after the time that the server named, before what came later', () => {
  for (const id of ['a', 'b', 'c', 'd']) void outbox.push('7', text(id))
  ack(stored('a', 1))
  ack(stored('b', 2), { clientMessageId: 'c', error: unavailable }, { clientMessageId: 'd', error: unavailable })
  assert.equal(sent.length, 2)
  mock.timers.tick(100)
  assert.deepEqual(ids(sent.at(-1)!), ['c', 'd'])
})

test('acks that come in parts and out of order leave the order of what must go again as it was', () => {
  for (const id of ['z', 'a', 'b', 'c']) void outbox.push('7', text(id))
  ack(stored('z', 1))
  ack({ clientMessageId: 'b', error: unavailable })
  mock.timers.tick(1000)
  assert.deepEqual(ids(sent.at(-1)!), ['a', 'b', 'c'])
})

test('a refusal for good fails that message and no other', async () => {
  const refused = outbox.push('7', text('a'))
  ack({ clientMessageId: 'a', error: invalid })
  await assert.rejects(refused, (error: ChatError) => error.code === 'INVALID_ARGUMENT' && !error.retryable)
  assert.equal(outbox.waiting, 0)
})

test('a frame refused as a whole is taken apart, so that only the culprit fails', async () => {
  const first = outbox.push('7', text('z'))
  const results = ['good', 'bad', 'fine'].map((id) => outbox.push('7', text(id)))
  ack(stored('z', 1))
  await first
  outbox.accept({ t: 'error', id: sent[1]!.id, error: invalid })
  assert.deepEqual(ids(sent[2]!), ['good'])
  ack(stored('good', 2))
  outbox.accept({ t: 'error', id: sent[3]!.id, error: invalid })
  ack(stored('fine', 3))
  const settled = await Promise.allSettled(results)
  assert.deepEqual(
    settled.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('what the server closed for is not sent again', async () => {
  const refused = outbox.push('7', text('a'))
  outbox.suspend(new ChatError({ code: 'INVALID_UTF8', message: '', retryable: false }))
  await assert.rejects(refused, (error: ChatError) => error.code === 'INVALID_UTF8')
  outbox.resume()
  assert.equal(sent.length, 1)
})

test('a message beyond the frame limit, and one beyond the bound of the box, fail at once and by name', async () => {
  await assert.rejects(outbox.push('7', text('a'.repeat(3000))), (error: ChatError) => error.code === 'FRAME_TOO_LARGE')
  open({ maxWaiting: 1 })
  void outbox.push('7', text('a'))
  await assert.rejects(outbox.push('7', text('b')), (error: ChatError) => error.code === 'OUTBOX_FULL')
})

test('closing fails what waits', async () => {
  const left = outbox.push('7', text('a'))
  outbox.close()
  await assert.rejects(left, (error: ChatError) => error.code === 'CLIENT_CLOSED')
})
