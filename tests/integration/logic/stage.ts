import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { memoryRoutes, type MemoryRoutes } from '#delivery/memory-routes.ts'
import { partitionOf } from '#delivery/partition.ts'
import { staticSlots } from '#delivery/slot-view.ts'
import { downstreamTopic, topics, topicSpecs } from '#delivery/topics.ts'
import { readConfig } from '#infra/config/index.ts'
import { memoryEtcd, type Etcd } from '#infra/discovery/index.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { silentLogger, stackEnv, testMetrics, waitFor } from '#infra/testing/index.ts'
import { DownstreamRecordSchema, type Audience } from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import { TaskRecordSchema, type Task } from '#proto/gen/gochat/task/v1/task_pb.ts'
import { UpstreamRecordSchema, type CommandSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { schema } from '#services/logic/config.ts'
import { startLogic, type Logic } from '#services/logic/logic.ts'
import { startRepo, type Repo } from '../repo/fixture.ts'
import { isolatedBus } from './isolated-bus.ts'

export type CommandInit = MessageInitShape<typeof CommandSchema>

/** Logic on the real Kafka and MySQL, with a database and topics of its own; the stage is the gateway of slot 0. */
export interface Stage extends AsyncDisposable {
  readonly repo: Repo
  readonly etcd: Etcd
  readonly routes: MemoryRoutes
  /** What was said so far: answers, deliveries, tasks. */
  readonly replies: Record<string, unknown>[]
  readonly pushed: Pushed[]
  readonly tasks: Task['body'][]
  start(instance: string): Promise<{ logic: Logic; metrics: ReturnType<typeof testMetrics> }>
  produce(conversationId: string, commands: CommandInit[]): Promise<void>
  /** Returns where it lies. */
  produceRaw(partition: number, value: Buffer): Promise<{ partition: number; offset: number }>
  resultsOf(conversationId: string): Record<string, unknown>[]
}

export interface Pushed {
  readonly frame: Record<string, unknown>
  readonly connections: readonly number[]
  readonly audience: Audience | undefined
}

export const place = { slot: 0, epoch: 1 }
export const connection = 3
export const log = silentLogger()
const partitions = 4

export async function openStage(): Promise<Stage> {
  const stack = new AsyncDisposableStack()
  const replies: Record<string, unknown>[] = []
  const pushed: Pushed[] = []
  const tasks: Task['body'][] = []
  const repo = stack.use(await startRepo())
  const kafka = createKafkaBus({
    brokers: stackEnv().kafkaBrokers,
    clientId: 'logic-tests',
    log,
    metrics: testMetrics(),
  })
  const bus = stack.use(isolatedBus(kafka, `test-${Date.now()}.`))
  const admin = await bus.admin()
  const specs = topicSpecs({ upstreamPartitions: partitions, slots: 1, replicationFactor: 1 })
  await waitFor(() => admin.ensureTopics(specs), { what: 'leaders of the new topics', timeoutMs: 20_000 })
  const producer = await bus.producer()
  const etcd = memoryEtcd()
  const routes = memoryRoutes()
  const reader = stack.use(await bus.consumer())
  await reader.run({
    groupId: 'gateway',
    topics: [downstreamTopic(place.slot), topics.tasks],
    startAt: 'end',
    onAssigned() {},
    onCrash(error) {
      throw error
    },
    onRecords({ topic, records }) {
      for (const { value } of records) {
        if (topic === topics.tasks) tasks.push(...fromBinary(TaskRecordSchema, value).tasks.map(({ body }) => body))
        else take(value)
      }
    },
  })

  function take(value: Buffer): void {
    const record = fromBinary(DownstreamRecordSchema, value)
    for (const { payload } of record.replies) replies.push(parse(payload))
    for (const { payload, connections, audience } of record.deliveries) {
      pushed.push({ frame: parse(payload), connections, audience })
    }
  }

  async function produceRaw(partition: number, value: Buffer) {
    const [sent] = await producer.send([{ topic: topics.upstream, partition, value }])
    return { partition, offset: sent!.offset }
  }

  return {
    repo,
    etcd,
    routes,
    replies,
    pushed,
    tasks,
    produceRaw,
    async start(instance) {
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
      const servers = { etcd, bus, routes, slots: staticSlots([place]), repo }
      const onCrash = (error: unknown) => {
        throw error
      }
      const logic = stack.use(await startLogic({ config, servers, log, metrics, onCrash }))
      await waitFor(() => logic.readiness().isReady, { what: 'claimed partitions' })
      return { logic, metrics }
    },
    async produce(conversationId, commands) {
      const value = Buffer.from(toBinary(UpstreamRecordSchema, create(UpstreamRecordSchema, { commands })))
      await produceRaw(partitionOf(conversationId, partitions), value)
    },
    resultsOf: (conversationId) =>
      replies
        .filter((reply) => reply['conversationId'] === conversationId)
        .flatMap((reply) => reply['results'] as Record<string, unknown>[]),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

export function send(conversationId: string, actorId: string, id: string): CommandInit {
  const body = { case: 'send', value: { type: 'text', body: Buffer.from(JSON.stringify({ text: id })) } } as const
  return { conversationId, actorId, id, replyTo: { ...place, connection, request: id }, body }
}

function parse(payload: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>
}
