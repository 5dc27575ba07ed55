import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { waitFor } from '#infra/testing/index.ts'
import { clientFrames } from '#proto/frames/index.ts'
import { frameRows, goodFrames, type FrameRow } from '../support/bad-input/frames.ts'
import {
  ClosedError,
  openRawSocket,
  RefusedUpgrade,
  type Frame,
  type RawSocket,
} from '../support/bad-input/raw-socket.ts'
import { createStage, tooLargeId, unknownId } from '../support/bad-input/stage.ts'
import { badTokens } from '../support/bad-input/tokens.ts'
import { watch } from '../support/bad-input/watch.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const stage = await createStage(system)
const { ann, bob, own, foreign, rest } = stage
const { wsUrl } = system.gateways[0]!
const good = goodFrames(stage)
const health = await watch(system)
const before = await stage.snapshot()
/** One fewer than a client may send wrong in a minute, for the ping at the end. */
const maxWrongFrames = 10

const asAnn = () => openRawSocket(wsUrl, { token: ann.token })
const message = (text: string) => ({ clientMessageId: randomUUID(), type: 'text', body: { text } })
const errorOf = (frame: Frame | undefined) => frame?.['error'] as Record<string, unknown> | undefined

describe('a wrong frame is refused by name, with its id, and the connection stays', () => {
  for (const type of Object.keys(clientFrames) as (keyof typeof clientFrames)[]) {
    const rows = frameRows(type, good[type])
    test(`${type} (${rows.length} rows)`, async () => {
      assert.deepEqual(await judge(rows, type === 'auth' ? () => openRawSocket(wsUrl) : asAnn), [])
    })
  }

  test('what is no frame at all', async () => {
    const texts = ['', ' ', 'null', 'true', '7', '""', '[]', '{}', '{', 'ping', '<ping/>', '\u0000']
    const rows = texts.map((data): FrameRow => ({ what: data, data, code: 'INVALID_FRAME', id: undefined }))
    assert.deepEqual(await judge(rows, asAnn), [])
    assert.deepEqual(await judge(rows, () => openRawSocket(wsUrl)), [])
  })
})

describe('an id of a conversation that Ann is not in', () => {
  for (const [what, conversationId] of Object.entries({ ...foreign, unknown: unknownId, user: ann.id })) {
    test(`${what}: sends and history are CONVERSATION_NOT_FOUND, read and typing do nothing, sync is silent`, async () => {
      const witness = await openRawSocket(wsUrl, { token: bob.token })
      const socket = await asAnn()
      const frames = goodFrames(stage, conversationId)
      for (const frame of [...frames.send, ...frames.history, ...frames.read, ...frames.typing]) socket.send(frame)
      for (const t of ['ack', 'error']) await socket.hear(t)
      await waitFor(() => results(socket).length === 4, { what: 'all four messages to be answered' })
      for (const { error } of results(socket)) {
        assert.deepEqual([error?.['code'], error?.['retryable']], ['CONVERSATION_NOT_FOUND', false])
      }
      const refused = socket.heard.find(({ t }) => t === 'error')
      assert.deepEqual(
        [refused?.['id'], errorOf(refused)?.['code'], errorOf(refused)?.['retryable']],
        ['f1', 'CONVERSATION_NOT_FOUND', false],
      )
      socket.send({ t: 'sync', id: 's', have: { [conversationId]: 1 } })
      const synced = await socket.hear('synced')
      assert.ok(!JSON.stringify(synced).includes(conversationId))
      await passed(conversationId)
      assert.deepEqual(unprompted(witness), [], 'what another sent was pushed')
      for (const open of [socket, witness]) open.drop()
    })
  }

  test('more than 64 bits: every frame with it is refused', async () => {
    const socket = await asAnn()
    const frames = goodFrames(stage, tooLargeId)
    for (const frame of [...frames.send, ...frames.history, ...frames.sync]) socket.send(frame)
    await waitFor(() => results(socket).length + socket.heard.filter(({ t }) => t === 'error').length === 6, {
      what: 'all six refusals',
    })
    const codes = [...results(socket).map(({ error }) => error), ...socket.heard.map(errorOf)].flatMap((error) =>
      error === undefined ? [] : [error['code'], error['retryable']],
    )
    assert.deepEqual(codes, Array.from({ length: 6 }, () => ['INVALID_ARGUMENT', false]).flat())
    socket.drop()
  })
})

describe('what ends the connection says why', () => {
  const cases: Record<string, [number, (socket: RawSocket) => void, string?]> = {
    'a frame over 64 KiB': [1009, (socket) => socket.send(' '.repeat(64 * 1024 + 1))],
    'a frame of 1 MiB': [1009, (socket) => socket.send('x'.repeat(1024 * 1024))],
    'bytes that are no UTF-8': [1007, (socket) => socket.send(Buffer.from('7b2274223aff7d', 'hex'))],
    'half a surrogate pair in bytes': [1007, (socket) => socket.send(Buffer.from('22eda08022', 'hex'))],
    'a good frame as binary': [4503, (socket) => socket.sendBinary(Buffer.from('{"t":"ping"}')), 'PROTOCOL_VIOLATION'],
    'an empty binary frame': [4503, (socket) => socket.sendBinary(Buffer.alloc(0)), 'PROTOCOL_VIOLATION'],
    'a second auth': [4503, (socket) => socket.send({ t: 'auth', token: ann.token }), 'PROTOCOL_VIOLATION'],
    'a second auth, as another': [4503, (socket) => socket.send({ t: 'auth', token: bob.token }), 'PROTOCOL_VIOLATION'],
    'wrong frames without end': [
      4503,
      (socket) => {
        for (let count = 0; count <= maxWrongFrames; count += 1) socket.send('{"t":"nothing"}')
      },
      'PROTOCOL_VIOLATION',
    ],
  }
  for (const [what, [closeCode, misbehave, errorCode]] of Object.entries(cases)) {
    test(`${what}: ${closeCode} ${errorCode ?? ''}`, async () => {
      const socket = await asAnn()
      misbehave(socket)
      // Whatever comes behind it is too late.
      socket.send({ t: 'send', id: 'late', conversationId: own, messages: [message('late')] })
      assert.equal(await socket.closed(), closeCode)
      const last = errorOf(socket.heard.at(-1))
      assert.deepEqual(
        [last?.['code'], last?.['retryable']],
        errorCode === undefined ? [undefined, undefined] : [errorCode, false],
      )
    })
  }

  test('a frame of exactly 64 KiB is taken', async () => {
    const socket = await asAnn()
    socket.send('{"t":"ping"}'.padEnd(64 * 1024))
    await socket.hear('pong')
    socket.drop()
  })
})

describe('who has not said who it is', () => {
  test('a token that is none: 4500, or 4501 when it was one, and nothing sent before it is done', async () => {
    for (const { what, token, code } of await badTokens(
      ann.id,
      ann.token,
      process.env['GOCHAT_ACCESS_TOKEN_SECRET']!,
    )) {
      const socket = await openRawSocket(wsUrl)
      socket.send({ t: 'send', id: 'early', conversationId: own, messages: [message('early')] })
      socket.send({ t: 'auth', token })
      socket.send({ t: 'history', id: 'early', conversationId: own, afterSeq: 0 })
      assert.equal(await socket.closed(), code === 'TOKEN_EXPIRED' ? 4501 : 4500, what)
      assert.deepEqual(
        socket.heard.map((frame) => [frame.t, errorOf(frame)?.['code'], errorOf(frame)?.['retryable']]),
        [
          ['hello', undefined, undefined],
          ['error', code, false],
        ],
        what,
      )
    }
  })

  test('four frames may come before auth, the fifth ends it', async () => {
    const socket = await openRawSocket(wsUrl)
    for (let count = 0; count < 5; count += 1) {
      socket.send({ t: 'send', id: `f${count}`, conversationId: own, messages: [message('early')] })
    }
    assert.equal(await socket.closed(), 4503)
    assert.equal(errorOf(socket.heard.at(-1))?.['code'], 'PROTOCOL_VIOLATION')
  })

  test('nobody who says nothing, or puts a good token into the URL, gets in: 4502', async () => {
    const sockets = [
      await openRawSocket(wsUrl),
      await openRawSocket(wsUrl, { path: `?token=${ann.token}&access_token=${ann.token}` }),
    ]
    for (const socket of sockets) {
      assert.equal(await socket.closed(), 4502)
      assert.deepEqual(
        socket.heard.map(({ t }) => t),
        ['hello', 'error'],
      )
      assert.equal(errorOf(socket.heard.at(-1))?.['code'], 'AUTH_TIMEOUT')
    }
  })

  test('a ticket opens one socket, on any gateway; used again, made up or malformed it is 4500', async () => {
    const { body } = await rest.ask({ method: 'POST', path: '/ws-tickets', token: ann.token })
    const { ticket } = body as { ticket: string }
    const socket = await openRawSocket(system.gateways[1]!.wsUrl, { ticket })
    assert.equal((await socket.hear('ready'))['userId'], ann.id)
    socket.send({ t: 'auth', token: ann.token })
    assert.equal(await socket.closed(), 4503, 'a ticket and then a token is a second auth')
    for (const bad of [ticket, ticket.replace(/.$/, 'A').replace(/^./, 'B'), 'x', ticket.repeat(20)]) {
      for (const gateway of system.gateways) {
        await assert.rejects(openRawSocket(gateway.wsUrl, { ticket: bad }), (error) => {
          return error instanceof ClosedError && error.code === 4500
        })
      }
    }
  })

  test('a page of another origin is refused before the upgrade', async () => {
    for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', 'file://']) {
      await assert.rejects(openRawSocket(wsUrl, { origin }), (error) => {
        assert.ok(error instanceof RefusedUpgrade)
        const { code, retryable } = (JSON.parse(error.body) as { error: Record<string, unknown> }).error
        assert.deepEqual([error.status, code, retryable], [403, 'ORIGIN_NOT_ALLOWED', false])
        return true
      })
    }
  })

  test('no other path can be upgraded', async () => {
    for (const path of ['/', '/wss', '/limits', '/users/me', '/docs']) {
      await assert.rejects(openRawSocket(wsUrl.replace(/\/ws$/, path)), (error) => {
        assert.ok(error instanceof RefusedUpgrade)
        assert.ok(error.status >= 400 && error.status < 500, `${path}: ${error.status}`)
        return true
      })
    }
  })
})

test('none of it changed anything, killed anything, or met an error on our side', async () => {
  for (const conversationId of [own, foreign.group, foreign.direct]) await passed(conversationId)
  assert.deepEqual(await stage.snapshot(), before)
  await health.assertWell([rest])
})

test('the frames that the bad ones were made of are good', async () => {
  const socket = await asAnn()
  for (const [type, frames] of Object.entries(good)) if (type !== 'auth') for (const frame of frames) socket.send(frame)
  for (const t of ['ack', 'synced', 'page', 'pong']) await socket.hear(t)
  await waitFor(() => results(socket).length === 4, { what: 'four results' })
  assert.ok(results(socket).every(({ error }) => error === undefined))
  assert.deepEqual(
    socket.heard.filter(({ t }) => t === 'error'),
    [],
  )
  assert.notDeepEqual(await stage.snapshot(), before, 'a snapshot must see a change')
  socket.drop()
})

test('any text is kept as it is: NUL, half surrogates, names of prototypes, and as long as it may be', async () => {
  const socket = await asAnn()
  const reader = await openRawSocket(wsUrl, { token: stage.carol.token })
  const texts = [
    '',
    '\u0000',
    '\ud800',
    'a\udc00b',
    '__proto__',
    '\u202e\ufeff\u2028',
    '🙂'.repeat(10_000),
    'e\u0301'.repeat(5000),
  ]
  const bodies = [...texts.map((text) => ({ text })), { '\u0000': '\ud800', $ne: null, toString: 1, '': [1e308, -0.5] }]
  for (const [index, body] of bodies.entries()) {
    const type = 'text' in body ? 'text' : 'custom'
    socket.send({ t: 'send', id: `\u0000${index}`, conversationId: own, messages: [{ ...message(''), type, body }] })
  }
  await waitFor(() => results(socket).length === bodies.length, { what: 'all to be answered' })
  assert.deepEqual(
    results(socket).flatMap(({ error }) => error ?? []),
    [],
  )
  const pushed = () => reader.heard.filter(({ t, senderId }) => t === 'message' && senderId === ann.id)
  await waitFor(() => pushed().length === bodies.length, { what: 'all to be pushed' })
  assert.deepEqual(
    pushed().map(({ body }) => body),
    bodies,
  )
  const { body } = await rest.ask({ method: 'GET', path: `/conversations/${own}/messages`, token: ann.token })
  const { entries } = body as { entries: Frame[] }
  assert.deepEqual(
    entries.slice(-bodies.length).map(({ body }) => body),
    bodies,
  )
  for (const open of [socket, reader]) open.drop()
})

/** Sends the rows, a few to a connection, and returns what was wrong with the answers. */
async function judge(rows: readonly FrameRow[], open: () => Promise<RawSocket>): Promise<string[]> {
  const wrong: string[] = []
  for (let at = 0; at < rows.length; at += maxWrongFrames) {
    const part = rows.slice(at, at + maxWrongFrames)
    const socket = await open()
    for (const { data } of part) socket.send(data)
    const answers = await socket.settle()
    if (answers.length !== part.length) wrong.push(`${part.length} frames got ${answers.length} answers`)
    for (const [index, { what, code, field, id }] of part.entries()) {
      const error = errorOf(answers[index])
      const { details = {} } = { ...error } as { details?: Record<string, unknown> }
      const found = [answers[index]?.t, error?.['code'], error?.['retryable'], details['field'], answers[index]?.['id']]
      const expected = ['error', code, false, field, id]
      const isNamed = field === undefined || String(found[3]).startsWith(field)
      if (!isNamed || expected.some((value, place) => place !== 3 && value !== found[place])) {
        wrong.push(`${what}: not ${JSON.stringify(expected)} but ${JSON.stringify(found)}`)
      }
    }
    socket.drop()
  }
  return wrong
}

function results(socket: RawSocket): { error?: Record<string, unknown> }[] {
  return socket.heard.filter(({ t }) => t === 'ack').flatMap((ack) => ack['results'] as object[])
}

/** What was pushed to a socket that asked for nothing. */
function unprompted(socket: RawSocket): Frame[] {
  return socket.heard.filter(({ t }) => !['hello', 'ready', 'ping', 'resync'].includes(t))
}

/** Waits until what this gateway gathered for a conversation (read, typing) has gone all the way. */
async function passed(conversationId: string): Promise<void> {
  await delay(1200)
  const path = `/conversations/${conversationId}/messages`
  const body = { ...message('probe'), type: 'text', clientMessageId: 'probe' }
  const { status } = await rest.ask({ method: 'POST', path, token: await strangerToken(), body })
  assert.equal(status, 404)
}

let stranger: Promise<string> | undefined
function strangerToken(): Promise<string> {
  const account = { name: `stranger ${randomUUID()}`, password: stage.password }
  return (stranger ??= rest
    .ask({ method: 'POST', path: '/auth/register', body: account })
    .then(({ body }) => (body as { accessToken: string }).accessToken))
}
