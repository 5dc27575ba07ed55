import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import type { ClientFrame, Entry, Head, ServerFrame } from '../../proto/frames/index.ts'
import { createClient, type ChatClient } from './client.ts'
import { ChatError } from './errors.ts'

const own = '1'
const entry = (seq: number): Entry => ({
  conversationId: '7',
  seq,
  type: 'text',
  senderId: '2',
  body: { text: `${seq}` },
  createdAt: 0,
})

/** The server at the other end of every socket: it answers syncs with these heads, and pages with the entries asked for. */
let heads: Head[]
let asked: ClientFrame[]
let sockets: FakeSocket[]
let chat: ChatClient
let isNeverReady = false
/** They wait for it. */
let answers: PromiseWithResolvers<void> | undefined

class FakeSocket extends EventTarget {
  constructor() {
    super()
    sockets.push(this)
    queueMicrotask(() => {
      const heartbeat = { pingIntervalMs: 25_000, pongTimeoutMs: 10_000 }
      this.say({ t: 'hello', protocol: 1, node: '', serverTime: 0, authTimeoutMs: 5000, heartbeat, limits: {} })
    })
  }

  say(frame: ServerFrame): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame
    asked.push(frame)
    if (frame.t === 'auth' && isNeverReady) return
    if (frame.t === 'auth') queueMicrotask(() => this.say({ t: 'ready', userId: own, deviceId: 'd', serverTime: 0 }))
    else void this.#answer(frame)
  }

  async #answer(frame: ClientFrame): Promise<void> {
    const conversations = heads
    await answers?.promise
    if (frame.t === 'sync') this.say({ t: 'synced', id: frame.id, conversations })
    if (frame.t !== 'history') return
    const { id, conversationId, afterSeq, upToSeq = 0 } = frame
    const entries = Array.from({ length: upToSeq - afterSeq }, (_, i) => entry(afterSeq + 1 + i))
    this.say({ t: 'page', id, conversationId, entries, lastSeq: upToSeq })
  }

  end(code: number): void {
    this.dispatchEvent(new CloseEvent('close', { code }))
  }

  close(): void {}
}

beforeEach(() => {
  heads = []
  asked = []
  sockets = []
  answers = undefined
  mock.property(globalThis, 'WebSocket', FakeSocket as unknown as typeof WebSocket)
  mock.timers.enable({ apis: ['setTimeout'] })
  chat = createClient({ url: 'ws://server/ws', token: 'x' })
})
afterEach(() => {
  chat.close()
  mock.timers.reset()
  mock.restoreAll()
})

async function pass(ms: number): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve()
  mock.timers.tick(ms)
  for (let i = 0; i < 30; i++) await Promise.resolve()
}

test('joining a large conversation, for which there is no entry: a sync brings the head, and what may be seen', async () => {
  const applied: number[] = []
  const told: unknown[] = []
  chat.on('entry', (arrival) => applied.push(arrival.entry.seq))
  chat.on('membership', (frame) => told.push(frame))
  void chat.connect()
  await pass(1)
  heads = [{ conversationId: '7', lastSeq: 6, joinSeq: 4, readSeq: 4, unread: 2 }]
  sockets[0]!.say({ t: 'membership', conversationId: '7', joinSeq: 4 })
  await pass(500)
  assert.deepEqual(applied, [5, 6])
  assert.deepEqual(told, [{ t: 'membership', conversationId: '7', joinSeq: 4 }])
  assert.deepEqual(
    asked.map(({ t }) => t),
    ['auth', 'sync', 'sync', 'history'],
  )
})

test('leaving it: the head closes the log, and nothing behind the leave is shown', async () => {
  const applied: number[] = []
  const ends: unknown[] = []
  chat.on('entry', (arrival) => applied.push(arrival.entry.seq))
  chat.on('head', ({ leaveSeq }) => ends.push(leaveSeq))
  heads = [{ conversationId: '7', lastSeq: 1, joinSeq: 0, readSeq: 0, unread: 1 }]
  void chat.connect()
  await pass(1)
  heads = [{ conversationId: '7', lastSeq: 2, joinSeq: 0, leaveSeq: 2, readSeq: 0, unread: 2 }]
  sockets[0]!.say({ t: 'membership', conversationId: '7', leaveSeq: 2 })
  await pass(500)
  sockets[0]!.say({ t: 'message', ...entry(3) })
  await pass(1000)
  assert.deepEqual(
    [applied, ends],
    [
      [1, 2],
      [undefined, 2],
    ],
  )
})

for (const [when, answerAfterMs] of [
  ['comes, and is asked about after it', 0],
  ['is asked about', 500],
] as const) {
  test(`a sync is under way when a change ${when}: another one follows`, async () => {
    const applied: number[] = []
    chat.on('entry', (arrival) => applied.push(arrival.entry.seq))
    answers = Promise.withResolvers<void>()
    void chat.connect()
    await pass(1)
    sockets[0]!.say({ t: 'membership', conversationId: '7', joinSeq: 1 })
    await pass(answerAfterMs)
    heads = [{ conversationId: '7', lastSeq: 2, joinSeq: 1, readSeq: 1, unread: 1 }]
    answers.resolve()
    await pass(0)
    await pass(500)
    assert.deepEqual(applied, [2])
  })
}

describe('a token that the server calls too old', () => {
  const needs: boolean[] = []
  const failures: string[] = []
  function begin(token: Parameters<typeof createClient>[0]['token']): void {
    needs.length = 0
    failures.length = 0
    chat = createClient({ url: 'ws://server/ws', token })
    chat.on('failed', ({ code }) => failures.push(code))
    void chat.connect().catch(() => undefined)
  }
  const source = ({ isExpired }: { isExpired: boolean }) => {
    needs.push(isExpired)
    return 'x'
  }

  test('is asked for anew, and the connection comes back; the next time it is just asked for', async () => {
    begin(source)
    await pass(1)
    sockets.at(-1)!.end(4501)
    await pass(1000)
    assert.equal(chat.state, 'ready')
    sockets.at(-1)!.end(1006)
    await pass(2000)
    assert.deepEqual([chat.state, needs, failures], ['ready', [false, true, false], []])
  })

  test('ends the client when another one is too old as well, when there is no other, and when none is given any more', async () => {
    isNeverReady = true
    begin(source)
    await pass(1)
    sockets.at(-1)!.end(4501)
    await pass(1000)
    sockets.at(-1)!.end(4501)
    assert.deepEqual([chat.state, needs, failures], ['closed', [false, true], ['TOKEN_EXPIRED']])
    isNeverReady = false
    begin('x')
    await pass(1)
    sockets.at(-1)!.end(4501)
    assert.deepEqual([chat.state, failures], ['closed', ['TOKEN_EXPIRED']])
    begin(() => {
      throw new ChatError({ code: 'SESSION_REVOKED', message: '', retryable: false })
    })
    await pass(1)
    assert.deepEqual([chat.state, failures], ['closed', ['SESSION_REVOKED']])
  })

  test('a session that has ended ends the client by its name', async () => {
    begin(source)
    await pass(1)
    sockets.at(-1)!.end(4504)
    assert.deepEqual([chat.state, failures], ['closed', ['SESSION_REVOKED']])
  })
})
