import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeKey } from '#delivery/heard.ts'
import { revoke } from '#delivery/revoke.ts'
import { watchSlots } from '#delivery/slot-view.ts'
import { AppError } from '#infra/errors/index.ts'
import { metricValue, waitFor } from '#infra/testing/index.ts'
import { encode } from '#infra/protobuf/index.ts'
import { EntryListSchema } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { connectClient } from './testing/client.ts'
import { ann, bob, room, startMemoryGateway, tokenFor } from './testing/memory-gateway.ts'

const text = (clientMessageId: string, content: string) => ({ clientMessageId, type: 'text', body: { text: content } })

test('example: hello, auth, ready; what one sends is acked to it and pushed to everybody else', async () => {
  await using server = await startMemoryGateway()
  const [a, a2, b] = await Promise.all([1, 2, 3].map(() => connectClient(server.port)))
  const hello = await a!.next('hello')
  assert.equal(hello.node, 'gateway-test')
  assert.equal(hello.limits['maxFrameBytes'], 65_536)
  assert.equal((await a!.authenticate(await tokenFor(ann))).userId, ann)
  await a2!.authenticate(await tokenFor(ann, { deviceId: 'laptop' }))
  await b!.authenticate(await tokenFor(bob))

  a!.send({ t: 'send', id: 'f1', conversationId: room, messages: [text('m1', 'Hello '), text('m2', '🙂')] })
  const acks = [await a!.next('ack'), await a!.next('ack')]
  assert.deepEqual(
    acks.flatMap(({ id, results }) => results.map(({ clientMessageId, seq }) => [id, clientMessageId, seq])),
    [
      ['f1', 'm1', 1],
      ['f1', 'm2', 2],
    ],
  )
  for (const other of [a2!, b!]) {
    const messages = [await other.next('message'), await other.next('message')]
    assert.deepEqual(
      messages.map(({ seq, senderId, body }) => [seq, senderId, body]),
      [
        [1, ann, { text: 'Hello ' }],
        [2, ann, { text: '🙂' }],
      ],
    )
  }
  assert.deepEqual(
    a!.received.map(({ t }) => t),
    ['hello', 'ready', 'ack', 'ack'],
  )
  assert.deepEqual(server.logic.records, [2], 'one frame is one record')
})

test('send, read, typing, sync and history go where they belong; read and typing are gathered, the newest wins', async () => {
  const asked: object[] = []
  await using server = await startMemoryGateway({
    message: {
      async getHeads({ actorId, have }) {
        asked.push({ actorId, have: { ...have } })
        const head = { conversationId: room, lastSeq: 4, joinSeq: 1, leaveSeq: 0, readSeq: 2, unread: 2 }
        return { heads: [head], hasMore: true, nextAfterId: room }
      },
      async getPages({ questions: [question] }) {
        const { actorId, conversationId, afterSeq, limit } = question!
        asked.push({ actorId, conversationId, afterSeq, limit })
        const entry = { conversationId, seq: 3, type: 'text', senderId: bob, clientMessageId: 'm', createdAtMs: 5 }
        const entries = [{ ...entry, body: Buffer.from('{"text":"a \\u00e9"}') }]
        const entryList = encode(EntryListSchema, { entries })
        return { answers: [{ result: { case: 'page', value: { entryList, lastSeq: 4 } } }] }
      },
    },
  })
  const client = await connectClient(server.port)
  await client.authenticate(await tokenFor(ann))

  client.send({ t: 'sync', id: 's1', have: { [room]: 2 } })
  const synced = await client.next('synced')
  assert.deepEqual(synced.conversations, [{ conversationId: room, lastSeq: 4, joinSeq: 1, readSeq: 2, unread: 2 }])
  assert.equal(synced.nextAfterId, room)
  client.send({ t: 'history', id: 'h1', conversationId: room, afterSeq: 2 })
  const page = await client.next('page')
  assert.deepEqual(page.entries, [
    {
      conversationId: room,
      seq: 3,
      type: 'text',
      senderId: bob,
      clientMessageId: 'm',
      body: { text: 'a é' },
      createdAt: 5,
    },
  ])
  assert.deepEqual(asked, [
    { actorId: ann, have: { [room]: 2 } },
    { actorId: ann, conversationId: room, afterSeq: 2, limit: 100 },
  ])

  for (const seq of [3, 4, 2]) client.send({ t: 'read', conversationId: room, seq })
  client.send({ t: 'typing', conversationId: room })
  client.send({ t: 'typing', conversationId: room })
  await waitFor(() => server.logic.commands.length === 2, { what: 'one read and one typing command' })
  const [read, typing] = server.logic.commands
  assert.deepEqual([read?.body.case, read?.actorId, read?.replyTo], ['read', ann, undefined])
  assert.equal(read?.body.case === 'read' && read.body.value.seq, 4)
  assert.equal(typing?.body.case, 'typing')
})

test('bad input gets its named error with the field that is wrong, and the connection stays', async () => {
  await using server = await startMemoryGateway()
  const client = await connectClient(server.port)
  await client.authenticate(await tokenFor(ann))
  const send = { t: 'send', id: 'f1', conversationId: room, messages: [text('m1', 'hi')] }
  const cases: [frame: object | string, code: string, field: string | undefined][] = [
    ['{', 'INVALID_FRAME', undefined],
    ['[]', 'INVALID_FRAME', '/t'],
    ['{"t":"ping","__proto__":{}}', 'INVALID_FRAME', undefined],
    [{ t: 'nonsense', id: 'f1' }, 'INVALID_FRAME', '/t'],
    [{ ...send, id: 7 }, 'INVALID_ARGUMENT', '/id'],
    [{ ...send, more: 1 }, 'INVALID_ARGUMENT', '/more'],
    [{ ...send, messages: [{ ...text('m1', 'hi'), body: { text: 7 } }] }, 'INVALID_ARGUMENT', '/messages/0/body/text'],
    [
      { ...send, messages: [text('m1', 'hi'), { ...text('m2', 'hi'), type: 'x' }] },
      'INVALID_ARGUMENT',
      '/messages/1/type',
    ],
    [
      `{"t":"typing","conversationId":"${room}","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      'INVALID_FRAME',
      undefined,
    ],
  ]
  for (const [frame, code, field] of cases) {
    client.send(frame)
    const { error } = await client
      .next('error')
      .catch(() => assert.fail(`no answer to ${JSON.stringify(frame).slice(0, 80)}`))
    assert.deepEqual([error.code, error.details?.['field']], [code, field], JSON.stringify(frame).slice(0, 80))
  }
  client.send({ t: 'ping' })
  await client.next('pong')
  assert.deepEqual(server.logic.commands, [])
})

test('what ends a connection ends it with its own close code', async () => {
  await using server = await startMemoryGateway()
  const token = await tokenFor(ann)
  const expired = await tokenFor(ann, { expiresInSeconds: -60 })
  const ends: [what: (client: Awaited<ReturnType<typeof connectClient>>) => void, code: number][] = [
    [(c) => c.send({ t: 'auth', token: 'nonsense' }), 4500],
    [(c) => c.send({ t: 'auth', token: expired }), 4501],
    [(c) => c.send(Buffer.from('{"t":"ping"}')), 4503],
    [(c) => [1, 2].forEach(() => c.send({ t: 'auth', token })), 4503],
    [(c) => Array.from({ length: 11 }, () => c.send('nonsense')), 4503],
    [(c) => Array.from({ length: 5 }, () => c.send({ t: 'typing', conversationId: room })), 4503],
    [(c) => c.send(JSON.stringify({ t: 'ping', x: 'x'.repeat(70_000) })), 1009],
    [(c) => c.ws.send(Buffer.from([0x22, 0xff, 0xfe]), { binary: false }), 1007],
  ]
  for (const [cause, code] of ends) {
    const client = await connectClient(server.port)
    cause(client)
    assert.equal(await client.closed, code, String(cause))
  }
  await waitFor(() => metricValue(server.metrics, 'gochat_gateway_connections').then((open) => open === 0), {
    what: 'no connection left',
  })
})

test('who says nothing is sent away after the auth timeout, who answers no ping after the pong timeout', async () => {
  const timing = { authTimeoutMs: 50, pingIntervalMs: 200, pongTimeoutMs: 75 }
  await using server = await startMemoryGateway({ timing })
  const stranger = await connectClient(server.port)
  const silent = await connectClient(server.port)
  const alive = await connectClient(server.port)
  alive.ws.on('message', (data: Buffer) => data.toString().includes('"ping"') && alive.send({ t: 'pong' }))
  for (const client of [silent, alive]) await client.authenticate(await tokenFor(ann))
  assert.equal(await stranger.closed, 4502)
  assert.equal(await silent.closed, 4401)
  assert.equal(alive.ws.readyState, alive.ws.OPEN)
})

test('a ticket in the handshake stands for the token, once', async () => {
  await using server = await startMemoryGateway()
  const { ticket } = await server.tickets.issue({
    userId: bob,
    deviceId: 'tab',
    sessionId: '7200000000000000001',
    isAdmin: false,
    isGuest: false,
    expiresAtMs: Date.now() + 60_000,
  })
  const protocols = ['gochat.v1', `ticket.${ticket}`]
  const first = await connectClient(server.port, { protocols })
  assert.deepEqual([(await first.next('ready')).deviceId, first.ws.protocol], ['tab', 'gochat.v1'])
  const second = await connectClient(server.port, { protocols })
  assert.equal(await second.closed, 4500)
})

test('a foreign origin is refused before the upgrade, a loopback one is taken in test mode', async () => {
  await using server = await startMemoryGateway()
  await connectClient(server.port, { origin: 'http://localhost:5173' })
  await assert.rejects(connectClient(server.port, { origin: 'https://evil.example' }), /403/)
})

test('frames sent right behind auth wait for ready, and are handled in order', async () => {
  await using server = await startMemoryGateway()
  const client = await connectClient(server.port)
  client.send({ t: 'auth', token: await tokenFor(ann) })
  client.send({ t: 'send', id: 'f1', conversationId: room, messages: [text('m1', 'early')] })
  client.send({ t: 'send', id: 'f2', conversationId: room, messages: [text('m2', 'birds')] })
  await client.next('ready')
  assert.equal((await client.next('ack')).id, 'f1')
  assert.equal((await client.next('ack')).id, 'f2')
})

test('lease lost: the sockets stay, everybody is told to sync, and answers still find their way', async () => {
  await using server = await startMemoryGateway()
  const client = await connectClient(server.port)
  await client.authenticate(await tokenFor(ann))
  server.etcd.expireAllLeases()
  await client.next('resync')
  assert.equal(await metricValue(server.metrics, 'gochat_gateway_resyncs_total', { reason: 'slot' }), 1)
  client.send({ t: 'send', id: 'f1', conversationId: room, messages: [text('m1', 'still here')] })
  await client.next('ack')
  await server.logic.deliver({ t: 'typing', conversationId: room, userId: bob }, [ann])
  await client.next('typing')
})

test('Redis loses the routes: they are written again within a second, and everybody is told to sync', async () => {
  await using server = await startMemoryGateway()
  const client = await connectClient(server.port)
  await client.authenticate(await tokenFor(ann))
  await waitFor(() => server.routes.isWatched, { what: 'the first look at the sentinel' })
  server.routes.clear()
  await client.next('resync')
  await server.logic.deliver({ t: 'typing', conversationId: room, userId: bob }, [ann])
  await client.next('typing')
})

test('Redis away at login: ready comes, and a sync is asked for once the route could be written', async () => {
  await using server = await startMemoryGateway()
  server.routes.setReachable(false)
  const client = await connectClient(server.port)
  await client.authenticate(await tokenFor(ann))
  await server.logic.deliver({ t: 'typing', conversationId: room, userId: bob }, [ann])
  await client.next('typing')
  server.routes.setReachable(true)
  await client.next('resync')
})

test('a large conversation: its members here get each entry once, and the sender has its ack; what was heard is told', async () => {
  await using server = await startMemoryGateway()
  server.members.join(room, ann, 0)
  const version = server.members.join(room, bob, 0)
  const stranger = '7000000000000000003'
  const [a, b, s] = await Promise.all([1, 2, 3].map(() => connectClient(server.port)))
  await a!.authenticate(await tokenFor(ann))
  await b!.authenticate(await tokenFor(bob))
  await s!.authenticate(await tokenFor(stranger))
  const route = (await server.routes.read([ann]))?.get(ann)?.[0]
  const entry = (seq: number, memberVersion: number) => ({ conversationId: room, seq, memberVersion })
  await server.logic.deliverLarge({ ...entry(1, version), exceptConnection: route }, entry(2, version))
  const kicked = server.members.leave(room, bob, 3)
  await server.logic.deliverLarge(entry(2, version), entry(3, kicked), entry(4, kicked))
  await waitFor(() => a!.received.filter(({ t }) => t === 'message').length === 3, { what: 'all entries' })
  const seqsOf = ({ received }: typeof a & object) =>
    received.flatMap((frame) => (frame.t === 'message' ? [frame.seq] : []))
  assert.deepEqual([a!, b!, s!].map(seqsOf), [[2, 3, 4], [1, 2, 3], []])
  const place = placeKey(route!)
  await waitFor(async () => (await server.heardMarks.read(room)).get(place)?.upToSeq === 4, { what: 'the mark' })
  assert.equal((await server.heardMarks.read(room)).get(place)?.fromSeq, 1)
})

test('logic away at login: ready comes, and a sync is asked for once the large conversations are known', async () => {
  await using server = await startMemoryGateway()
  server.members.failWith(new AppError('UNAVAILABLE'))
  const client = await connectClient(server.port)
  await client.authenticate(await tokenFor(ann))
  server.members.failWith(undefined)
  await client.next('resync')
  assert.equal(await metricValue(server.metrics, 'gochat_gateway_resyncs_total', { reason: 'audience' }), 1)
})

test('after a lost lease what is heard begins anew, under the new place', async () => {
  await using server = await startMemoryGateway()
  const version = server.members.join(room, ann, 0)
  const client = await connectClient(server.port)
  await client.authenticate(await tokenFor(ann))
  const entry = (seq: number) => ({ conversationId: room, seq, memberVersion: version })
  const marks = () => server.heardMarks.read(room)
  await server.logic.deliverLarge(entry(1), entry(2))
  await waitFor(async () => (await marks()).size === 1, { what: 'the first mark' })
  server.etcd.expireAllLeases()
  await client.next('resync')
  await server.logic.deliverLarge(entry(3))
  await waitFor(async () => (await marks()).size === 2, { what: 'the second mark' })
  assert.deepEqual(
    [...(await marks()).values()],
    [
      { fromSeq: 1, upToSeq: 2 },
      { fromSeq: 3, upToSeq: 3 },
    ],
  )
})

test('an eleventh connection of one user is refused, and the first ten stay', async () => {
  await using server = await startMemoryGateway()
  const token = await tokenFor(ann)
  const clients = await Promise.all(Array.from({ length: 10 }, () => connectClient(server.port)))
  for (const client of clients) await client.authenticate(token)
  const eleventh = await connectClient(server.port)
  eleventh.send({ t: 'auth', token })
  assert.equal(await eleventh.closed, 4402)
  assert.ok(clients.every(({ ws }) => ws.readyState === ws.OPEN))
})

test('stopping: clients are told when to come back and closed with 1012, routes go, and it may be asked for twice', async () => {
  await using server = await startMemoryGateway()
  const client = await connectClient(server.port)
  await client.authenticate(await tokenFor(ann))
  const stopping = server.gateway[Symbol.asyncDispose]()
  assert.equal(server.gateway.readiness().isReady, false)
  assert.ok((await client.next('reconnect')).afterMs <= 50)
  assert.equal(await client.closed, 1012)
  await Promise.all([stopping, server.gateway[Symbol.asyncDispose]()])
  assert.equal((await server.routes.read([ann]))?.size, 0)
  assert.deepEqual(await server.etcd.getPrefix('/gochat/slots/'), [])
  await assert.rejects(connectClient(server.port), /ECONNREFUSED/)
})

test('a gateway that cannot listen fails to start and leaves nothing behind', async () => {
  await using server = await startMemoryGateway()
  const { etcd, bus } = server
  const port = String(server.port)
  await assert.rejects(startMemoryGateway({ env: { GOCHAT_GATEWAY_PORT: port }, etcd, bus }), { code: 'EADDRINUSE' })
  assert.equal((await etcd.getPrefix('/gochat/slots/')).length, 1)
})

test('a session that has ended gets no socket, by token or by ticket; one that ends later loses its own, and no other', async () => {
  const ended = new Set(['801'])
  await using server = await startMemoryGateway({ ended, timing: { sessionCheckMs: 200 } })
  const enter = async (sessionId: string) => {
    const client = await connectClient(server.port)
    client.send({ t: 'auth', token: await tokenFor(ann, { sessionId }) })
    return client
  }
  const byToken = await enter('801')
  assert.equal(await byToken.closed, 4504)
  const identity = { userId: ann, deviceId: 'tab', sessionId: '801', isAdmin: false, isGuest: false }
  const { ticket } = await server.tickets.issue({ ...identity, expiresAtMs: Date.now() + 60_000 })
  const byTicket = await connectClient(server.port, { protocols: ['gochat.v1', `ticket.${ticket}`] })
  assert.equal(await byTicket.closed, 4504)
  for (const { received } of [byToken, byTicket]) assert.ok(!received.some(({ t }) => t === 'ready'))

  const [told, lost, other] = [await enter('802'), await enter('803'), await enter('804')]
  for (const client of [told, lost, other]) await client.next('ready')
  const slots = await watchSlots(server.etcd)
  const news = { userId: ann, sessionIds: ['802'], isSuspension: true }
  await revoke(await server.bus.producer(), slots.live(), news)
  assert.equal(await told.closed, 4505)
  // Without a word to the gateway.
  ended.add('803')
  assert.equal(await lost.closed, 4504)
  assert.equal(other.ws.readyState, other.ws.OPEN)
})
