import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSettlingMarks } from '#delivery/settling.ts'
import { taskRecord } from '#delivery/tasks.ts'
import { taskPartitions, topics } from '#delivery/topics.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { connectRedis } from '#infra/redis/index.ts'
import { metricValue, silentLogger, stackEnv, testMetrics, waitFor } from '#infra/testing/index.ts'
import { createTemporalClient } from '#temporal/client.ts'
import { startDispatcher } from '#temporal/dispatcher/dispatcher.ts'
import { startDeadLetter } from '#temporal/dispatcher/start-dead-letter.ts'
import { pokeFanout } from '#temporal/poke-fanout.ts'
import { deadLetter, groupFanout } from '#workflows/contracts.ts'
import { isolatedBus } from '../logic/isolated-bus.ts'

const env = stackEnv()
const log = silentLogger()
const run = Math.random().toString(36).slice(2, 10)

test('tasks in Kafka become workflows, once each, and a successor finds nothing left to do', async () => {
  await using stack = new AsyncDisposableStack()
  const metrics = testMetrics()
  const redis = stack.use(await connectRedis({ url: env.redisUrl, log, metrics }))
  const bus = isolatedBus(
    stack.use(createKafkaBus({ brokers: env.kafkaBrokers, clientId: `dispatcher-${run}`, log, metrics })),
    `test.${run}.`,
  )
  const temporal = stack.use(
    createTemporalClient({
      GOCHAT_TEMPORAL_ADDRESS: env.temporalAddress,
      GOCHAT_TEMPORAL_NAMESPACE: env.temporalNamespace,
      GOCHAT_INSTANCE: `dispatcher-${run}`,
    }),
  )
  const admin = await bus.admin()
  await admin.ensureTopics([{ topic: topics.tasks, partitions: taskPartitions, replicationFactor: 1, configs: {} }])
  const marks = createSettlingMarks({ redis })
  let calls = 0
  const start = () =>
    startDispatcher({
      bus,
      marks,
      async poke(conversationId, headSeq) {
        calls += 1
        await pokeFanout(temporal, conversationId, headSeq)
      },
      async startDeadLetter(letter) {
        calls += 1
        await startDeadLetter(temporal, letter)
      },
      keepCopy: () => assert.fail('there is no poison here'),
      log,
      metrics,
      onCrash: (error) => assert.fail(error),
    })

  const busy = String(Math.floor(Math.random() * 1e15) + 1e15)
  const settled = `${busy}1`
  await marks.mark(settled, 60_000)
  const found = { topic: run, partition: 0, offset: 7, index: -1, reason: 'undecodable' }
  const letter = { kind: 'poison', ...found } as const
  const fanout = temporal.client.workflow.getHandle(groupFanout.workflowId(busy))
  const parked = temporal.client.workflow.getHandle(deadLetter.workflowId(letter))
  for (const handle of [fanout, parked]) stack.defer(() => terminate(handle))
  const producer = await bus.producer()
  await producer.send([
    ...Array.from({ length: 100 }, (_, index) =>
      taskRecord(busy, { case: 'settleDue', value: { conversationId: busy, headSeq: index + 1 } }),
    ),
    taskRecord(settled, { case: 'settleDue', value: { conversationId: settled, headSeq: 4 } }),
    taskRecord(run, { case: 'poisonFound', value: found }),
    taskRecord(run, { case: 'poisonFound', value: found }),
  ])
  {
    await using _ = await start()
    await waitFor(async () => (await metricValue(metrics, 'gochat_dispatcher_waiting_records')) === 0 && calls >= 3, {
      timeoutMs: 30_000,
      what: 'all tasks being taken',
    })
  }
  // One poke for a hundred entries, or two when Kafka gave them in two fetches; the second letter is the first one.
  assert.ok(calls <= 4, `${calls} calls`)
  assert.equal(await metricValue(metrics, 'gochat_dispatcher_pokes_total', { result: 'settling' }), 1)
  await assert.rejects(temporal.client.workflow.getHandle(groupFanout.workflowId(settled)).describe())
  assert.equal((await parked.describe()).type, deadLetter.workflowType)
  const { events } = await fanout.fetchHistory()
  const pokes = (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
    (signal?.input?.payloads ?? []).map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as unknown),
  )
  assert.deepEqual(pokes.at(-1), { headSeq: 100 })

  calls = 0
  await using successor = await start()
  assert.ok(successor.isReady)
  const last = temporal.client.workflow.getHandle(deadLetter.workflowId({ ...letter, offset: 8 }))
  await producer.send([taskRecord(run, { case: 'poisonFound', value: { ...found, offset: 8 } })])
  stack.defer(() => terminate(last))
  await waitFor(() => calls === 1, { timeoutMs: 30_000, what: 'the one new task' })
})

/** Unless it has ended by itself. */
async function terminate(handle: { terminate(): Promise<unknown> }): Promise<void> {
  await handle.terminate().catch(() => undefined)
}
