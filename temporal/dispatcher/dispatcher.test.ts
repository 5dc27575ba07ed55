import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memorySettlingMarks, type SettlingMarks } from '#delivery/settling.ts'
import { taskRecord } from '#delivery/tasks.ts'
import { taskPartitions, topics } from '#delivery/topics.ts'
import { AppError } from '#infra/errors/index.ts'
import { createMemoryBus } from '#infra/kafka/index.ts'
import { metricValue, silentLogger, testMetrics, waitFor } from '#infra/testing/index.ts'
import { startDispatcher, type DispatcherOptions } from './dispatcher.ts'

async function setUp(options: Partial<DispatcherOptions> = {}) {
  const bus = createMemoryBus()
  const admin = await bus.admin()
  await admin.ensureTopics([{ topic: topics.tasks, partitions: taskPartitions, replicationFactor: 1, configs: {} }])
  const producer = await bus.producer()
  const done: string[] = []
  const metrics = testMetrics()
  const start = () =>
    startDispatcher({
      bus,
      marks: memorySettlingMarks(),
      poke: async (conversationId, headSeq) => void done.push(`poke ${conversationId} ${headSeq}`),
      startDeadLetter: async ({ topic, offset, reason }) => void done.push(`letter ${topic} ${offset} ${reason}`),
      keepCopy: async ({ topic, offset }, value) => void done.push(`copy ${topic} ${offset} ${value.toString('hex')}`),
      log: silentLogger(),
      metrics,
      onCrash: (error) => assert.fail(error),
      commitEveryMs: 5,
      ...options,
    })
  const settleDue = (conversationId: string, headSeq: number) =>
    producer.send([taskRecord(conversationId, { case: 'settleDue', value: { conversationId, headSeq } })])
  const poison = (offset: number) => {
    const value = { topic: topics.upstream, partition: 3, offset, index: -1, reason: 'undecodable' }
    return producer.send([taskRecord('8', { case: 'poisonFound', value })])
  }
  /** What a successor would read. */
  const lag = async () => {
    await using reader = await bus.consumer()
    await reader.run({ groupId: 'dispatcher', topics: [topics.tasks], startAt: 'committed', ...ignoring })
    const committed = new Map((await reader.committed()).map(({ partition, offset }) => [partition, offset]))
    const watermarks = await admin.watermarks(topics.tasks)
    return watermarks.reduce((sum, { partition, high }) => sum + high - (committed.get(partition) ?? 0), 0)
  }
  return { bus, producer, metrics, done, start, settleDue, poison, lag }
}

const ignoring = { onRecords: () => {}, onAssigned: () => {}, onCrash: () => {} }

test('example: new entries wake a fan-out, poison becomes a dead letter, and both are committed', async () => {
  const { done, start, settleDue, poison, lag, metrics } = await setUp()
  {
    await using _ = await start()
    await settleDue('7', 4)
    await settleDue('7', 5)
    await poison(12)
    await waitFor(() => done.length === 2, { what: 'both' })
  }
  assert.deepEqual(done.toSorted(), ['letter gochat.upstream 12 undecodable', 'poke 7 5'])
  assert.equal(await lag(), 0)
  assert.equal(await metricValue(metrics, 'gochat_dispatcher_pokes_total', { result: 'sent' }), 1)
  assert.equal(await metricValue(metrics, 'gochat_dispatcher_pokes_total', { result: 'merged' }), 1)
  assert.equal(await metricValue(metrics, 'gochat_dispatcher_waiting_records'), 0)
})

test('a conversation that is being settled is left out, and that is committed too', async () => {
  const marks = memorySettlingMarks()
  await marks.mark('7', 1000)
  const { done, start, settleDue, lag, metrics } = await setUp({ marks })
  {
    await using _ = await start()
    await settleDue('7', 4)
    await settleDue('8', 9)
    await waitFor(() => done.length === 1, { what: 'the other one' })
  }
  assert.deepEqual(done, ['poke 8 9'])
  assert.equal(await lag(), 0)
  assert.equal(await metricValue(metrics, 'gochat_dispatcher_pokes_total', { result: 'settling' }), 1)
})

test('with Redis away everything is poked', async () => {
  const marks: Pick<SettlingMarks, 'marked'> = { marked: () => Promise.reject(new AppError('UNAVAILABLE')) }
  const { done, start, settleDue } = await setUp({ marks })
  await using _ = await start()
  await settleDue('7', 4)
  await waitFor(() => done.includes('poke 7 4'), { what: 'the poke' })
})

test('while Temporal is away nothing is committed and the partitions pause; nothing is lost when it is back', async () => {
  let isAway = true
  let calls = 0
  const done = new Set<string>()
  const { start, settleDue, lag, metrics } = await setUp({
    maxWaiting: 20,
    async poke(conversationId) {
      calls += 1
      if (isAway) throw new AppError('UNAVAILABLE')
      done.add(conversationId)
    },
  })
  const ids = Array.from({ length: 200 }, (_, index) => String(index + 1))
  for (const id of ids.slice(0, 20)) await settleDue(id, 1)
  {
    await using _ = await start()
    await waitFor(() => calls > 20, { what: 'calls in vain' })
    for (const id of ids.slice(20)) await settleDue(id, 1)
    await waitFor(() => calls > 40, { what: 'more calls in vain' })
    assert.equal(await metricValue(metrics, 'gochat_dispatcher_waiting_records'), 20)
    isAway = false
    await waitFor(() => done.size === 200, { what: 'all of them' })
  }
  assert.equal(await lag(), 0)
})

test('stopped while Temporal is away, it leaves to its successor all that Temporal has not taken', async () => {
  const refuse = () => Promise.reject(new AppError('UNAVAILABLE'))
  const { done, start, settleDue, poison, lag } = await setUp({ poke: refuse })
  await settleDue('7', 4)
  await settleDue('7', 5)
  await poison(12)
  {
    await using _ = await start()
    await waitFor(() => done.length === 1, { what: 'the letter' })
  }
  assert.equal(await lag(), 2)
})

test('a record that nobody can read is kept, becomes a dead letter and is passed over', async () => {
  let isRepoAway = true
  const { done, producer, start, settleDue, lag, metrics } = await setUp({
    async keepCopy(place, value) {
      if (isRepoAway) {
        isRepoAway = false
        throw new AppError('UNAVAILABLE')
      }
      done.push(`copy ${place.topic} ${place.offset} ${value.toString('hex')}`)
    },
  })
  await producer.send([{ topic: topics.tasks, partition: 2, value: Buffer.from([0xff, 0xff]) }])
  {
    await using _ = await start()
    await settleDue('7', 4)
    await waitFor(() => done.length === 3, { what: 'all three' })
  }
  assert.deepEqual(done, ['poke 7 4', 'copy gochat.tasks 0 ffff', 'letter gochat.tasks 0 undecodable'])
  assert.equal(await lag(), 0)
  assert.equal(await metricValue(metrics, 'gochat_dispatcher_poison_total'), 1)
})
