import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { AppError } from '../errors/index.ts'
import { waitFor } from '../testing/index.ts'
import type { Bus, BusConsumer, BusProducer, ConsumerRun, RecordBatch, TopicPartitions } from './bus.ts'

const timeoutMs = 30_000

/** What every bus promises; run against the one in memory (unit) and against a broker (integration). */
export function testBusContract(name: string, open: () => Bus): void {
  describe(`bus contract: ${name}`, { timeout: 120_000 }, () => {
    let bus: Bus
    let producer: BusProducer
    let count = 0
    const suffix = Math.random().toString(36).slice(2, 10)

    before(async () => {
      bus = open()
      producer = await bus.producer()
    })
    after(() => bus[Symbol.asyncDispose]())

    async function newTopic(partitions = 1): Promise<string> {
      const topic = `contract.${suffix}.${(count += 1)}.t`
      await (await bus.admin()).ensureTopics([{ topic, partitions, replicationFactor: 1, configs: {} }])
      return topic
    }

    async function produce(topic: string, partition: number, from: number, to: number): Promise<void> {
      const values = Array.from({ length: to - from }, (_, index) => Buffer.from(String(from + index)))
      await producer.send(values.map((value) => ({ topic, partition, value })))
    }

    async function read(topic: string, run: Partial<ConsumerRun> = {}): Promise<Reader> {
      const reader = createReader(await bus.consumer())
      await reader.consumer.run({
        groupId: `${topic}.g`,
        topics: [topic],
        startAt: 'committed',
        ...reader.callbacks,
        ...run,
      })
      return reader
    }

    it('example: what was produced is read, committed, and the next member goes on behind the commit', async () => {
      const topic = await newTopic()
      await producer.send([
        { topic, partition: 0, key: Buffer.from('k'), value: Buffer.from('0'), headers: { trace: 'abc' } },
      ])
      await produce(topic, 0, 1, 5)
      const first = await read(topic)
      await first.until(topic, 0, [0, 1, 2, 3, 4])
      const record = first.batches[0]?.records[0]
      assert.equal(record?.key?.toString(), 'k')
      assert.equal(record.headers['trace']?.toString(), 'abc')
      assert.ok(Math.abs(record.timestampMs - Date.now()) < 60_000)
      await first.consumer.commit([{ topic, partition: 0, offset: 3 }])
      assert.deepEqual(await first.consumer.committed(), [{ topic, partition: 0, offset: 3 }])
      await first.consumer.stop()

      const second = await read(topic)
      await second.until(topic, 0, [3, 4])
      await second.consumer.stop()
    })

    it('one send over several partitions gives the first offset of each and keeps the order within each', async () => {
      const topic = await newTopic(2)
      await produce(topic, 1, 0, 3)
      const records = Array.from({ length: 400 }, (_, index) => index)
      const sent = await producer.send(
        records.map((index) => ({ topic, partition: index % 2, value: Buffer.from(String(index)) })),
      )
      assert.deepEqual(
        sent.toSorted((a, b) => a.partition - b.partition),
        [
          { topic, partition: 0, offset: 0 },
          { topic, partition: 1, offset: 3 },
        ],
      )
      const reader = await read(topic)
      await reader.until(
        topic,
        0,
        records.filter((index) => index % 2 === 0),
      )
      await reader.until(topic, 1, [0, 1, 2, ...records.filter((index) => index % 2 === 1)])
      await reader.consumer.stop()
    })

    it('a send to a partition or topic that does not exist fails as UNAVAILABLE instead of being dropped', async () => {
      const topic = await newTopic()
      const quick = await bus.producer({ timeoutMs: 300 })
      const value = Buffer.from('lost?')
      await rejectsWith('UNAVAILABLE', quick.send([{ topic, partition: 7, value }]))
      await rejectsWith('UNAVAILABLE', quick.send([{ topic: `${topic}.absent`, partition: 0, value }]))
      // Neither failure spoils the producer for other topics.
      await quick.send([{ topic, partition: 0, value }])
    })

    it('startAt end: skips what was there, misses nothing that is produced once run() has resolved', async () => {
      const topic = await newTopic()
      await produce(topic, 0, 0, 50)
      const reader = await read(topic, { startAt: 'end' })
      await produce(topic, 0, 50, 53)
      await reader.until(topic, 0, [50, 51, 52])
      await reader.consumer.stop()
    })

    it('startAt end on an empty topic sees the very first record', async () => {
      const topic = await newTopic()
      const reader = await read(topic, { startAt: 'end' })
      await produce(topic, 0, 0, 1)
      await reader.until(topic, 0, [0])
      await reader.consumer.stop()
    })

    it('pause, called while taking a batch, stops the hand-over at once; resume goes on without gap or repeat', async () => {
      const topic = await newTopic(2)
      const reader = await read(topic)
      reader.onBatch = (batch) => {
        if (batch.partition === 0 && batch.records.at(-1)?.offset === 0) reader.consumer.pause(topic, [0])
      }
      await produce(topic, 0, 0, 1)
      await reader.until(topic, 0, [0])
      await produce(topic, 0, 1, 10)
      await produce(topic, 1, 0, 10)
      await reader.until(topic, 1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      assert.deepEqual(reader.values(topic, 0), [0])
      assert.deepEqual(reader.consumer.health().paused, [{ topic, partitions: [0] }])
      reader.consumer.resume(topic)
      await reader.until(topic, 0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      assert.deepEqual(reader.consumer.health().paused, [])
      assert.equal(reader.consumer.health().lag, 0)
      await reader.consumer.stop()
    })

    it('seek back and forth: the next record is the one at that offset, also when called while taking a batch', async () => {
      const topic = await newTopic()
      const reader = await read(topic)
      await produce(topic, 0, 0, 5)
      await reader.until(topic, 0, [0, 1, 2, 3, 4])
      reader.consumer.seek(topic, 0, 3)
      await reader.until(topic, 0, [0, 1, 2, 3, 4, 3, 4])
      reader.onBatch = () => {
        reader.onBatch = () => {}
        reader.consumer.seek(topic, 0, 1)
      }
      await produce(topic, 0, 5, 6)
      await reader.until(topic, 0, [0, 1, 2, 3, 4, 3, 4, 5, 1, 2, 3, 4, 5])
      await reader.consumer.stop()
    })

    it('a commit must be of what is assigned and was handed over', async () => {
      const topic = await newTopic()
      await produce(topic, 0, 0, 2)
      const reader = await read(topic)
      await reader.until(topic, 0, [0, 1])
      await rejectsWith('FENCED', reader.consumer.commit([{ topic, partition: 1, offset: 1 }]))
      await rejectsWith('FENCED', reader.consumer.commit([{ topic, partition: 0, offset: 3 }]))
      await reader.consumer.commit([{ topic, partition: 0, offset: 2 }])
      await reader.consumer.stop()
      await rejectsWith('FENCED', reader.consumer.commit([{ topic, partition: 0, offset: 2 }]))
    })

    it('a second member takes over its share; each generation is announced first and starts at the commit', async () => {
      const topic = await newTopic(4)
      const partitions = [0, 1, 2, 3]
      for (const partition of partitions) await produce(topic, partition, 0, 10)
      const first = await read(topic)
      for (const partition of partitions) await first.until(topic, partition, numbers(0, 10))
      await first.consumer.commit(partitions.map((partition) => ({ topic, partition, offset: 4 })))

      const second = await read(topic)
      await waitFor(() => first.owned().length === 2 && second.owned().length === 2, { timeoutMs, what: 'two shares' })
      assert.deepEqual(
        [...first.owned(), ...second.owned()].toSorted((a, b) => a - b),
        partitions,
      )
      for (const reader of [first, second]) {
        for (const partition of reader.owned()) {
          const expected = reader === first ? [...numbers(0, 10), ...numbers(4, 10)] : numbers(4, 10)
          await reader.until(topic, partition, expected)
        }
        assert.deepEqual(reader.violations, [])
      }
      const [lost = -1] = second.owned()
      await rejectsWith('FENCED', first.consumer.commit([{ topic, partition: lost, offset: 5 }]))

      await first.consumer.stop()
      await waitFor(() => second.owned().length === 4, { timeoutMs, what: 'the share of the member that left' })
      assert.deepEqual(second.violations, [])
      await second.consumer.stop()
    })

    it('a commit called in onRevoked still counts, so that a rebalance repeats nothing that was finished', async () => {
      const topic = await newTopic(2)
      const commits: Promise<void>[] = []
      const first = createReader(await bus.consumer())
      const onRevoked = (assigned: readonly TopicPartitions[]) => {
        const owned = assigned.flatMap(({ partitions }) => partitions)
        commits.push(first.consumer.commit(owned.map((partition) => ({ topic, partition, offset: 10 }))))
      }
      const groupId = `${topic}.g`
      await first.consumer.run({ groupId, topics: [topic], startAt: 'committed', ...first.callbacks, onRevoked })
      for (const partition of [0, 1]) await produce(topic, partition, 0, 10)
      for (const partition of [0, 1]) await first.until(topic, partition, numbers(0, 10))

      const second = await read(topic)
      await waitFor(() => first.owned().length === 1 && second.owned().length === 1, { timeoutMs, what: 'two shares' })
      await Promise.all(commits)
      for (const partition of [0, 1]) await produce(topic, partition, 10, 12)
      const [kept = -1] = first.owned()
      const [taken = -1] = second.owned()
      await first.until(topic, kept, numbers(0, 12))
      await second.until(topic, taken, [10, 11])
      await second.consumer.stop()
      await first.consumer.stop()
    })

    it('an owner that throws while taking records is told once, and gets nothing more', async () => {
      const topic = await newTopic()
      const crashes: AppError[] = []
      let calls = 0
      const reader = await read(topic, {
        onRecords() {
          calls += 1
          throw new Error('broken owner')
        },
        onCrash: (error) => crashes.push(error),
      })
      await produce(topic, 0, 0, 3)
      await waitFor(() => crashes.length > 0, { timeoutMs, what: 'the crash' })
      await produce(topic, 0, 3, 6)
      await reader.consumer.stop()
      assert.equal(calls, 1)
      assert.deepEqual(
        crashes.map(({ code }) => code),
        ['INTERNAL'],
      )
    })

    it('ensureTopics can be repeated, reports what differs and changes nothing; watermarks follow the log', async () => {
      const admin = await bus.admin()
      const topic = `contract.${suffix}.ensured.t`
      const spec = { topic, partitions: 2, replicationFactor: 1, configs: { 'retention.ms': '600000' } }
      assert.deepEqual(await admin.ensureTopics([spec]), { created: [topic], drift: [] })
      assert.deepEqual(await admin.ensureTopics([spec]), { created: [], drift: [] })
      const { drift } = await admin.ensureTopics([{ ...spec, partitions: 3, configs: { 'retention.ms': '5000' } }])
      assert.deepEqual(drift, [
        { topic, setting: 'partitions', wanted: '3', actual: '2' },
        { topic, setting: 'retention.ms', wanted: '5000', actual: '600000' },
      ])
      assert.ok((await admin.topics()).includes(topic))
      await produce(topic, 1, 0, 3)
      const watermarks = await admin.watermarks(topic)
      assert.deepEqual(
        watermarks.toSorted((a, b) => a.partition - b.partition),
        [
          { partition: 0, low: 0, high: 0 },
          { partition: 1, low: 0, high: 3 },
        ],
      )
    })
  })
}

interface Reader {
  readonly consumer: BusConsumer
  readonly callbacks: Pick<ConsumerRun, 'onRecords' | 'onAssigned' | 'onRevoked' | 'onCrash'>
  readonly batches: RecordBatch[]
  /** Batches that came outside their generation or not for an assigned partition. */
  readonly violations: string[]
  onBatch: (batch: RecordBatch) => void
  owned(): number[]
  values(topic: string, partition: number): number[]
  until(topic: string, partition: number, values: readonly number[]): Promise<void>
}

function createReader(consumer: BusConsumer): Reader {
  let assigned: readonly TopicPartitions[] = []
  let current = 0
  const reader: Reader = {
    consumer,
    batches: [],
    violations: [],
    onBatch: () => {},
    owned: () => assigned.flatMap(({ partitions }) => partitions),
    values: (topic, partition) =>
      reader.batches
        .filter((batch) => batch.topic === topic && batch.partition === partition)
        .flatMap(({ records }) => records.map(({ value }) => Number(value.toString()))),
    async until(topic, partition, values) {
      const what = `${values.length} records of partition ${partition}`
      await waitFor(() => reader.values(topic, partition).length >= values.length, { timeoutMs, what, pollMs: 2 })
      assert.deepEqual(reader.values(topic, partition), values)
    },
    callbacks: {
      onAssigned(next, generation) {
        assigned = next
        current = generation
      },
      onRevoked() {
        assigned = []
      },
      onRecords(batch) {
        reader.batches.push(batch)
        if (batch.generation !== current) reader.violations.push(`generation ${batch.generation} during ${current}`)
        if (!reader.owned().includes(batch.partition)) reader.violations.push(`partition ${batch.partition}`)
        reader.onBatch(batch)
      },
      onCrash: (error) => assert.fail(error),
    },
  }
  return reader
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

async function rejectsWith(code: string, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof AppError && error.code === code)
}
