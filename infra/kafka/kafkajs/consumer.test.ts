import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Consumer, ConsumerRunConfig, EachBatchPayload } from 'kafkajs'
import { silentLogger, testMetrics } from '../../testing/index.ts'
import type { RecordBatch } from '../bus.ts'
import { kafkaMetrics } from '../metrics.ts'
import { createConsumer } from './consumer.ts'

const topic = 'gochat.upstream'

/** kafkajs's side of the contract, driven by the test. The group has committed offset 40 of every partition. */
function setUp() {
  const listeners = new Map<string, (event: { payload: unknown }) => void>()
  const seeks: string[] = []
  const commits: unknown[] = []
  let eachBatch: ConsumerRunConfig['eachBatch']
  const kafkajs = {
    connect: async () => {},
    disconnect: async () => {},
    subscribe: async () => {},
    run: async (config: ConsumerRunConfig) => void (eachBatch = config.eachBatch),
    on: (name: string, listener: (event: { payload: unknown }) => void) => listeners.set(name, listener),
    pause: () => {},
    resume: () => {},
    seek: ({ offset }: { offset: string }) => seeks.push(offset),
  }
  const consumer = createConsumer({
    createConsumer: () => kafkajs as unknown as Consumer,
    admin: {
      committed: async () => [0, 1].map((partition) => ({ topic, partition, offset: 40 })),
      watermarks: async () => [0, 1].map((partition) => ({ partition, low: 0, high: 100 })),
      topics: async () => [],
      ensureTopics: async () => ({ created: [], drift: [] }),
      async [Symbol.asyncDispose]() {},
    },
    log: silentLogger(),
    metrics: kafkaMetrics(testMetrics()),
  })
  const story: string[] = []
  const batches: RecordBatch[] = []
  let hasStarted = false
  const running = consumer
    .run({
      groupId: 'g',
      topics: [topic],
      startAt: 'committed',
      startTimeoutMs: 2000,
      onAssigned: (assigned, generation) =>
        story.push(`assigned ${generation} ${JSON.stringify(assigned[0]?.partitions)}`),
      onRevoked: (_, generation) => story.push(`revoked ${generation}`),
      onRejoined: () => story.push('rejoined'),
      onCrash: ({ code }) => story.push(`crash ${code}`),
      onRecords(batch) {
        batches.push(batch)
        story.push(`records ${batch.records.map(({ offset }) => offset).join()}`)
      },
    })
    .finally(() => (hasStarted = true))

  const emit = (name: string, payload: unknown = {}) => listeners.get(name)?.({ payload })
  const join = (...partitions: number[]) => emit('consumer.group_join', { memberAssignment: { [topic]: partitions } })

  /** Returns the offset that kafkajs was told to have been read, if any. */
  async function fetched(
    partition: number,
    offsets: number[],
    fetchedOffset = offsets[0],
  ): Promise<string | undefined> {
    let resolved: string | undefined
    const batch = {
      topic,
      partition,
      fetchedOffset: String(fetchedOffset),
      highWatermark: '100',
      messages: offsets.map((offset) => ({
        offset: String(offset),
        key: null,
        value: Buffer.from('v'),
        timestamp: '0',
      })),
      lastOffset: () => String(offsets.at(-1)),
    }
    await eachBatch?.({
      batch,
      resolveOffset: (offset: string) => (resolved = offset),
      commitOffsetsIfNecessary: async (offsets: unknown) => void commits.push(offsets),
      isRunning: () => true,
      isStale: () => false,
    } as unknown as EachBatchPayload)
    return resolved
  }

  async function started() {
    await new Promise(setImmediate)
    join(0, 1)
    await new Promise(setImmediate)
    emit('consumer.fetch')
    await running
    story.length = 0
  }
  return {
    consumer,
    running,
    started,
    emit,
    join,
    fetched,
    story,
    batches,
    seeks,
    commits,
    hasStarted: () => hasStarted,
  }
}

describe('kafkajs consumer', () => {
  it('run() resolves after the join and the first fetch that came back with the positions known, not before', async () => {
    const { consumer, running, emit, join, hasStarted } = setUp()
    await new Promise(setImmediate)
    emit('consumer.fetch')
    join(0)
    emit('consumer.fetch')
    await new Promise(setImmediate)
    assert.equal(hasStarted(), false)
    emit('consumer.fetch')
    await running
    await consumer.stop()
  })

  it('only hands over: tells kafkajs what was read, in the same turn, without committing it', async () => {
    const { consumer, started, fetched, story, commits } = setUp()
    await started()
    assert.equal(await fetched(0, [40, 41, 42]), '42')
    assert.deepEqual(story, ['records 40,41,42'])
    assert.deepEqual(commits, [])
    assert.equal(consumer.health().lag, 57 + 60)
    await consumer.stop()
  })

  it('a join that kafkajs announced and gave up: its next heartbeat says that the old membership holds', async () => {
    const { consumer, started, fetched, emit, story } = setUp()
    await started()
    emit('consumer.rebalancing')
    assert.equal(await fetched(0, [40]), undefined)
    emit('consumer.heartbeat')
    await new Promise(setImmediate)
    assert.equal(await fetched(0, [40]), '40')
    assert.deepEqual(story, ['revoked 1', 'assigned 2 [0,1]', 'records 40'])
    // One that kafkajs has dropped does not come back by itself.
    emit('consumer.stop')
    emit('consumer.heartbeat')
    assert.equal(consumer.health().isJoined, false)
    await consumer.stop()
  })

  it('a batch fetched under an older generation is neither handed over nor counted as read', async () => {
    const { consumer, started, join, fetched, story, seeks } = setUp()
    await started()
    await fetched(0, [40, 41])
    await fetched(1, [40])
    join(0)
    const late = fetched(0, [42, 43])
    assert.equal(await late, undefined)
    assert.equal(await fetched(1, [41]), undefined)
    assert.deepEqual(seeks, ['40'])
    await fetched(0, [40, 41, 42])
    assert.deepEqual(story.slice(2), ['revoked 1', 'assigned 2 [0]', 'records 40,41,42'])
    await consumer.stop()
  })

  it('between rebalancing and the next join nothing is handed over and commits are refused', async () => {
    const { consumer, started, emit, fetched, story, commits } = setUp()
    await started()
    await fetched(0, [40])
    await consumer.commit([{ topic, partition: 0, offset: 41 }])
    assert.deepEqual(commits, [{ topics: [{ topic, partitions: [{ partition: 0, offset: '41' }] }] }])
    emit('consumer.rebalancing')
    assert.equal(await fetched(0, [41]), undefined)
    await assert.rejects(consumer.commit([{ topic, partition: 0, offset: 41 }]), { code: 'FENCED' })
    assert.deepEqual(story, ['records 40', 'revoked 1'])
    await consumer.stop()
  })

  it('follows the log where retention cut it', async () => {
    const { consumer, started, fetched, story } = setUp()
    await started()
    for (let turn = 0; turn < 3; turn += 1) assert.equal(await fetched(0, [70, 71]), undefined)
    assert.equal(await fetched(0, [70, 71]), '71')
    assert.deepEqual(story, ['records 70,71'])
    await consumer.stop()
  })

  it('a client that started anew announces the generation, then that records may have been missed', async () => {
    const { consumer, started, emit, join, story } = setUp()
    await started()
    emit('consumer.stop')
    emit('consumer.crash', { restart: true, error: new Error('broker away') })
    join(0, 1)
    assert.deepEqual(story, ['revoked 1', 'assigned 2 [0,1]', 'rejoined'])
    await consumer.stop()
  })

  it('a crash without restart reaches the owner once, and not after stop()', async () => {
    const { consumer, started, emit, fetched, story } = setUp()
    await started()
    emit('consumer.crash', { restart: false, error: new TypeError('of kafkajs') })
    emit('consumer.crash', { restart: false, error: new TypeError('of kafkajs') })
    assert.equal(await fetched(0, [40]), undefined)
    assert.deepEqual(story, ['crash UNAVAILABLE'])

    const stopped = setUp()
    await stopped.started()
    await stopped.consumer.stop()
    stopped.emit('consumer.crash', { restart: false, error: new Error('late') })
    assert.deepEqual(stopped.story, [])
    await consumer.stop()
  })

  it('a crash before the first join rejects run()', async () => {
    const { running, emit, story } = setUp()
    await new Promise(setImmediate)
    emit('consumer.crash', { restart: false, error: new Error('no such group') })
    await assert.rejects(running, { code: 'UNAVAILABLE' })
    assert.deepEqual(story, [])
  })
})
