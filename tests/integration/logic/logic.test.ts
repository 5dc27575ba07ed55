import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { memoryRoutes, type MemoryRoutes } from '#delivery/memory-routes.ts'
import { partitionOf } from '#delivery/partition.ts'
import { staticSlots } from '#delivery/slot-view.ts'
import { downstreamTopic, topics, topicSpecs } from '#delivery/topics.ts'
import { readConfig } from '#infra/config/index.ts'
import { memoryEtcd } from '#infra/discovery/index.ts'
import { createKafkaBus, type Bus, type BusProducer } from '#infra/kafka/index.ts'
import { createRpcClient } from '#infra/rpc/index.ts'
import { metricValue, silentLogger, stackEnv, testMetrics, waitFor } from '#infra/testing/index.ts'
import { DownstreamRecordSchema } from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import { GroupService } from '#proto/gen/gochat/conversation/v1/group_service_pb.ts'
import { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { UpstreamRecordSchema, type CommandSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import { schema } from '#services/logic/config.ts'
import { startLogic, type Logic } from '#services/logic/logic.ts'
import { startRepo, type Repo } from '../repo/fixture.ts'
import { isolatedBus } from './isolated-bus.ts'

/** Logic on the real Kafka and MySQL, with a database and topics of its own; this test is the gateway of slot 0. */

const log = silentLogger()
const partitions = 4
const place = { slot: 0, epoch: 1 }
const connection = 3
const stack = new AsyncDisposableStack()
const replies: Record<string, unknown>[] = []
const pushed: { frame: Record<string, unknown>; connections: readonly number[] }[] = []
let repo: Repo
let bus: Bus
let producer: BusProducer
let routes: MemoryRoutes

before(async () => {
  repo = stack.use(await startRepo())
  const kafka = createKafkaBus({
    brokers: stackEnv().kafkaBrokers,
    clientId: 'logic-tests',
    log,
    metrics: testMetrics(),
  })
  bus = stack.use(isolatedBus(kafka, `test-${Date.now()}.`))
  const admin = await bus.admin()
  const specs = topicSpecs({ upstreamPartitions: partitions, slots: 1, replicationFactor: 1 })
  await waitFor(() => admin.ensureTopics(specs), { what: 'leaders of the new topics', timeoutMs: 20_000 })
  producer = await bus.producer()
  routes = memoryRoutes()
  const downstream = stack.use(await bus.consumer())
  await downstream.run({
    groupId: 'gateway',
    topics: [downstreamTopic(place.slot)],
    startAt: 'end',
    onAssigned() {},
    onCrash(error) {
      throw error
    },
    onRecords({ records }) {
      for (const { value } of records) take(value)
    },
  })
})
after(() => stack.disposeAsync())

function take(value: Buffer): void {
  const record = fromBinary(DownstreamRecordSchema, value)
  for (const { payload } of record.replies) replies.push(parse(payload))
  for (const { payload, connections } of record.deliveries) pushed.push({ frame: parse(payload), connections })
}

async function start(instance: string): Promise<{ logic: Logic; metrics: ReturnType<typeof testMetrics> }> {
  const metrics = testMetrics()
  const config = readConfig(schema, {
    GOCHAT_MODE: 'test',
    GOCHAT_INSTANCE: instance,
    GOCHAT_REDIS_URL: stackEnv().redisUrl,
    GOCHAT_ETCD_ENDPOINTS: stackEnv().etcdEndpoints.join(),
    GOCHAT_KAFKA_BROKERS: stackEnv().kafkaBrokers.join(),
    GOCHAT_ACCESS_TOKEN_SECRET: 'for-this-integration-test-only-0123456789',
    GOCHAT_UPSTREAM_PARTITIONS: String(partitions),
    GOCHAT_PASSWORD_COST: 'low',
  })
  const etcd = memoryEtcd()
  const servers = { etcd, bus, routes, slots: staticSlots([place]), repo }
  const onCrash = (error: unknown) => {
    throw error
  }
  const logic = await startLogic({ config, servers, log, metrics, onCrash })
  stack.use(logic)
  await waitFor(() => logic.readiness().isReady, { what: 'claimed partitions' })
  return { logic, metrics }
}

type CommandInit = MessageInitShape<typeof CommandSchema>

async function produce(conversationId: string, commands: CommandInit[]): Promise<void> {
  const value = Buffer.from(toBinary(UpstreamRecordSchema, create(UpstreamRecordSchema, { commands })))
  await producer.send([{ topic: topics.upstream, partition: partitionOf(conversationId, partitions), value }])
}

function send(conversationId: string, actorId: string, id: string): CommandInit {
  const body = { case: 'send', value: { type: 'text', body: Buffer.from(JSON.stringify({ text: id })) } } as const
  return { conversationId, actorId, id, replyTo: { ...place, connection, request: id }, body }
}

function resultsOf(conversationId: string): Record<string, unknown>[] {
  return replies
    .filter((reply) => reply['conversationId'] === conversationId)
    .flatMap((reply) => reply['results'] as Record<string, unknown>[])
}

test('example: accounts and a group by gRPC, then a message by Kafka, acked and delivered', async () => {
  const { logic } = await start('logic-example')
  const target = { hosts: `127.0.0.1:${logic.rpcPort}`, log, metrics: testMetrics() }
  await using auth = createRpcClient(AuthService, target)
  await using groups = createRpcClient(GroupService, target)
  await using messages = createRpcClient(MessageService, target)
  const name = `anna-${Date.now()}`
  const anna = await auth.register({ name, password: 'a good one', deviceId: 'phone' })
  const bert = await auth.register({ name: `${name}-2`, password: 'a good one' })
  assert.equal((await auth.login({ name, password: 'a good one' })).user?.id, anna.user?.id)
  await assert.rejects(auth.login({ name, password: 'a bad one' }), { code: 'UNAUTHENTICATED' })
  const [annaId = '', bertId = ''] = [anna.user?.id, bert.user?.id]
  await routes.put(
    place,
    new Map([
      [annaId, [connection]],
      [bertId, [4, 5]],
    ]),
  )

  const request = { actorId: annaId, commandId: 'group-1', name: 'Group', memberIds: [bertId] }
  const { conversation, created } = await groups.openGroup(request)
  assert.equal(created, true)
  assert.equal((await groups.openGroup(request)).created, false)
  const id = conversation!.id
  await waitFor(() => pushed.find(({ frame }) => frame['conversationId'] === id && frame['seq'] === 1), {
    what: 'the announcement',
  })
  await produce(id, [send(id, annaId, 'm1'), send(id, annaId, 'm1'), send(id, '77', 'm2')])
  await waitFor(() => resultsOf(id).length === 3, { what: 'three results' })
  const [first, again, refused] = resultsOf(id)
  assert.deepEqual([first?.['seq'], again], [2, { ...first, duplicate: true }])
  assert.equal((refused?.['error'] as { code: string } | undefined)?.code, 'CONVERSATION_NOT_FOUND')
  const push = await waitFor(() => pushed.find(({ frame }) => frame['conversationId'] === id && frame['seq'] === 2), {
    what: 'the delivery',
  })
  assert.deepEqual(push.connections, [4, 5], 'the socket that sent gets the ack instead')
  const { entries, lastSeq } = await messages.getHistory({ actorId: bertId, conversationId: id })
  assert.deepEqual([entries.map(({ type }) => type), lastSeq], [['created', 'text'], 2])
  await logic[Symbol.asyncDispose]()
})

test('processes come and go while messages are sent again and again: each is stored once and acked, in order', async () => {
  const [owner = '', ...others] = await repo.makeUsers(3)
  const groups = await Promise.all(Array.from({ length: 6 }, () => repo.makeGroup([owner, ...others])))
  const sent = new Map(groups.map((id) => [id, [] as string[]]))
  const isSending = new AbortController()

  async function keepSending(id: string): Promise<void> {
    for (let next = 0; !isSending.signal.aborted; next += 1) {
      const frame = [0, 1, 2].map((at) => `m${next}-${at}`)
      sent.get(id)!.push(...frame)
      await produce(
        id,
        frame.map((message) => send(id, owner, message)),
      )
      // Twice, as a client that missed its ack would.
      if (next % 3 === 0)
        await produce(
          id,
          frame.map((message) => send(id, owner, message)),
        )
      await delay(5)
    }
  }

  const first = await start('logic-a')
  const sending = groups.map(keepSending)
  await delay(1000)
  const second = await start('logic-b')
  await delay(1000)
  await first.logic[Symbol.asyncDispose]()
  await delay(1000)
  const third = await start('logic-c')
  await delay(500)
  isSending.abort()
  await Promise.all(sending)

  for (const [id, ids] of sent) {
    await waitFor(() => new Set(ackedIds(id)).size === ids.length, { what: 'an ack for each', timeoutMs: 20_000 })
    const rows = await repo.rows<{ seq: number; client_message_id: string | null }>(
      `SELECT seq, client_message_id FROM messages WHERE conversation_id = ${id} ORDER BY seq`,
    )
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      rows.map((_, index) => index + 1),
      'no gap',
    )
    assert.deepEqual(
      rows.slice(1).map((row) => row.client_message_id),
      ids,
      'each once, in order',
    )
    const seqs = new Map(rows.map((row) => [row.client_message_id, row.seq]))
    for (const { clientMessageId, seq } of resultsOf(id)) {
      if (seq !== undefined) assert.equal(seqs.get(clientMessageId as string), seq, 'the ack names the stored seq')
    }
  }
  for (const { metrics } of [first, second, third]) {
    assert.equal((await metricValue(metrics, 'gochat_logic_poison_total')) ?? 0, 0)
  }
})

function ackedIds(conversationId: string): unknown[] {
  return resultsOf(conversationId)
    .filter((result) => result['seq'] !== undefined)
    .map((result) => result['clientMessageId'])
}

function parse(payload: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>
}
