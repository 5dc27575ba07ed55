import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Compile } from 'typebox/compile'
import { waitFor } from '#infra/testing/index.ts'
import { serverFrames } from '#proto/frames/index.ts'
import { readProtocolPage } from '#services/gateway/documents/protocol-page.ts'
import { openSystem } from '../support/system.ts'

/** The page's own examples, sent as they stand but for the token and the conversation; a plain WebSocket, no SDK. */
const examples = readProtocolPage()
const system = await openSystem()

type Frame = Record<string, unknown> & { t: string }

test('a client that knows only docs/protocol.md can log in, chat, sync and repair', async () => {
  const [alice, bob] = [await register('alice'), await register('bob')]
  const conversationId = await openGroup(alice.token, [bob.id])
  const writer = await open(0, alice.token)
  const reader = await open(1, bob.token)

  writer.say('send', { conversationId })
  await writer.hear('ack', (ack) => results(ack).at(-1)?.['seq'] === 4)
  assert.deepEqual(
    writer
      .heard('ack')
      .flatMap(results)
      .map(({ seq, error }) => seq ?? error),
    [2, 3, 4],
  )
  await reader.hear('message', ({ seq }) => seq === 4)
  assert.deepEqual(
    reader.heard('message').map(({ seq, type, senderId }) => [seq, type, senderId]),
    [
      [2, 'text', alice.id],
      [3, 'action', alice.id],
      [4, 'custom', alice.id],
    ],
  )
  const sent = documented('client', 'send')['messages'] as { body: unknown }[]
  assert.deepEqual(
    reader.heard('message').map(({ body }) => body),
    sent.map(({ body }) => body),
  )

  writer.say('send', { conversationId })
  const again = await writer.hear('ack', (ack) => results(ack).every((result) => result['duplicate'] === true))
  assert.deepEqual(
    results(again).map(({ seq }) => seq),
    [2, 3, 4],
  )

  reader.say('read', { conversationId })
  assert.deepEqual(await writer.hear('read'), { t: 'read', conversationId, userId: bob.id, seq: 4 })
  reader.say('typing', { conversationId })
  assert.deepEqual(await writer.hear('typing'), { t: 'typing', conversationId, userId: bob.id })

  reader.say('sync', { have: { [conversationId]: 3 } })
  const synced = await reader.hear('synced')
  const head = (synced['conversations'] as Frame[]).find((found) => found['conversationId'] === conversationId)
  assert.deepEqual(head, { conversationId, lastSeq: 4, joinSeq: 0, readSeq: 4, unread: 0 })

  reader.say('history', { conversationId })
  const page = await reader.hear('page')
  assert.deepEqual(
    (page['entries'] as Frame[]).map(({ seq, type }) => [seq, type]),
    [
      [1, 'created'],
      [2, 'text'],
    ],
  )

  writer.say('ping', {})
  await writer.hear('pong')
  writer.say('pong', {})
  writer.say('history', { conversationId, limit: 'two' })
  const refused = (await writer.hear('error'))['error'] as Frame
  assert.equal(refused['code'], documentedError()['code'])
  assert.equal(refused['retryable'], false)

  for (const { t, ...frame } of [...writer.all, ...reader.all]) checkAgainstPage(t, frame)
  writer.close()
  reader.close()
})

/** The example of the page with some of its fields replaced. */
function documented(from: 'client' | 'server', t: string): Frame {
  const example = examples.find(({ from: side, frame }) => side === from && frame.t === t)
  assert.ok(example, `docs/protocol.md shows no ${t} frame of the ${from}`)
  return { ...example.frame }
}

function documentedError(): Frame {
  return documented('server', 'error')['error'] as Frame
}

function checkAgainstPage(t: string, frame: Record<string, unknown>): void {
  const schema = serverFrames[t as keyof typeof serverFrames]
  assert.deepEqual([...Compile(schema).Errors({ t, ...frame })], [], `${t} does not fit its schema`)
  const shown = new Set(
    examples
      .filter(({ from, frame: example }) => from === 'server' && example.t === t)
      .flatMap(({ frame: example }) => Object.keys(example)),
  )
  assert.deepEqual(
    Object.keys(frame).filter((key) => !shown.has(key)),
    [],
    `${t} has fields that the page does not show`,
  )
}

function results(ack: Frame): Frame[] {
  return ack['results'] as Frame[]
}

async function open(gateway: number, token: string) {
  const all: Frame[] = []
  const socket = new WebSocket(system.gateways[gateway]!.wsUrl)
  socket.addEventListener('message', (event) => all.push(JSON.parse(String(event.data)) as Frame))
  const client = {
    all,
    heard: (t: string) => all.filter((frame) => frame.t === t),
    say: (t: string, replaced: object) => socket.send(JSON.stringify({ ...documented('client', t), ...replaced })),
    async hear(t: string, isIt: (frame: Frame) => boolean = () => true): Promise<Frame> {
      const find = () => all.find((frame) => frame.t === t && isIt(frame))
      await waitFor(() => find() !== undefined, { timeoutMs: 10_000, what: `a ${t} frame` })
      return find()!
    },
    close: () => socket.close(),
  }
  await client.hear('hello')
  client.say('auth', { token })
  await client.hear('ready')
  return client
}

async function register(name: string): Promise<{ id: string; token: string }> {
  const answer = await post('/auth/register', { name: `${name}-${randomUUID()}`, password: 'correct horse battery' })
  return { id: (answer['user'] as Frame)['id'] as string, token: answer['accessToken'] as string }
}

async function openGroup(token: string, memberIds: string[]): Promise<string> {
  return (await post('/groups', { commandId: randomUUID(), name: 'Tea', memberIds }, token))['id'] as string
}

async function post(path: string, body: object, token?: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${system.gateways[0]!.httpUrl}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })
  assert.ok(response.ok, `${path}: ${response.status}`)
  return (await response.json()) as Record<string, unknown>
}
