import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import type { Entry } from '../../proto/frames/index.ts'
import type { Arrival } from './conversation-log.ts'
import { ChatError } from './errors.ts'
import { createRepair, type Repair } from './repair.ts'

const entry = (seq: number, more: Partial<Entry> = {}): Entry => ({
  conversationId: '7',
  seq,
  type: 'text',
  senderId: '1',
  body: { text: `${seq}` },
  createdAt: 0,
  ...more,
})
const push = (seq: number, more: Partial<Entry> = {}): Arrival => ({ entry: entry(seq, more), via: 'push' })

/** A server with one conversation of `lastSeq` entries. */
let lastSeq: number
let joinSeq: number
let asked: string[]
let applied: string[]
let failure: ChatError | undefined
let repair: Repair

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] })
  lastSeq = 0
  joinSeq = 0
  asked = []
  applied = []
  failure = undefined
  repair = createRepair({
    requests: {
      accept: () => false,
      failAll: () => {},
      async ask(frame) {
        if (failure !== undefined) throw failure
        if (frame.t === 'sync') {
          asked.push('sync')
          const conversations = [{ conversationId: '7', lastSeq, joinSeq, readSeq: 0, unread: 0 }]
          return { t: 'synced', id: '', conversations } as never
        }
        asked.push(`history ${frame.afterSeq}–${frame.upToSeq}`)
        const entries = Array.from({ length: frame.upToSeq! - frame.afterSeq }, (_, i) => entry(frame.afterSeq + 1 + i))
        return { t: 'page', id: '', conversationId: '7', entries, lastSeq } as never
      },
    },
    onApplied: (arrival) => applied.push(`${arrival.entry.seq} ${arrival.via}`),
    onHead: () => {},
    startAt: (head) => head.joinSeq,
    gapWaitMs: 500,
    userId: () => '1',
  })
})
afterEach(() => mock.timers.reset())

test('sync fetches what is missing, and only that', async () => {
  repair.restore({ '7': 2 })
  lastSeq = 4
  await repair.sync()
  assert.deepEqual(asked, ['sync', 'history 2–4'])
  assert.deepEqual(applied, ['3 repair', '4 repair'])
})

test('a sync anew never takes the answer of one that began before', async () => {
  repair.restore({ '7': 0 })
  const early = repair.sync()
  const anew = repair.syncAnew()
  lastSeq = 1
  await Promise.all([early, anew])
  assert.deepEqual(asked, ['sync', 'sync', 'history 0–1'])
})

test('an early push waits for the late one, and costs no request when it comes in time', () => {
  repair.restore({ '7': 0 })
  repair.offer(push(2))
  mock.timers.tick(499)
  repair.offer(push(1))
  mock.timers.tick(10)
  assert.deepEqual(applied, ['1 push', '2 push'])
  assert.deepEqual(asked, [])
})

test('a push that never comes is fetched after the wait', async () => {
  repair.restore({ '7': 0 })
  repair.offer(push(3))
  mock.timers.tick(500)
  await settle()
  assert.deepEqual(asked, ['history 0–2'])
  assert.deepEqual(applied, ['1 repair', '2 repair', '3 push'])
})

test('a repair that fails is tried again', async () => {
  repair.restore({ '7': 0 })
  failure = new ChatError({ code: 'UNAVAILABLE', message: '', retryable: true })
  repair.offer(push(2))
  mock.timers.tick(500)
  await settle()
  failure = undefined
  mock.timers.tick(500)
  await settle()
  assert.deepEqual(applied, ['1 repair', '2 push'])
})

test('a push of an unknown conversation asks where it stands, and is applied behind its join', async () => {
  joinSeq = 5
  lastSeq = 7
  repair.offer(push(7))
  await settle()
  assert.deepEqual(asked, ['sync', 'history 5–6'])
  assert.deepEqual(applied, ['6 repair', '7 push'])
})

test('the entry that brings this user in is the first, without any request', async () => {
  repair.offer(push(9, { type: 'added', body: { userIds: ['1'] } }))
  repair.offer(push(10))
  await settle()
  assert.deepEqual(applied, ['9 push', '10 push'])
  assert.deepEqual(asked, [])
})

test('after the own removal nothing is asked for any more', async () => {
  repair.restore({ '7': 0 })
  repair.offer(push(1, { type: 'removed', body: { userIds: ['1'] }, senderId: '2' }))
  repair.offer(push(5))
  mock.timers.tick(1000)
  await settle()
  assert.deepEqual(applied, ['1 push'])
  assert.deepEqual(asked, [])
})

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
