import type { Producer, RecordMetadata } from 'kafkajs'
import { AppError } from '../../errors/index.ts'
import { backoff, sleep, withTimeout } from '../../lifecycle/index.ts'
import { keyOf } from '../assignment.ts'
import type { BusProducer, ProducedRecord, ProducerOptions, TopicPartitionOffset } from '../bus.ts'
import { topicLabel, type KafkaMetrics } from '../metrics.ts'
import { createClient, type ClientOptions } from './client.ts'
import { toBusError } from './errors.ts'

const patience = { requestTimeoutMs: 4000, retries: 4 }
const connectTimeoutMs = 30_000
/** Of one attempt, which kafkajs ends itself: two tries of connecting and asking. This is for a promise that never settles. */
const attemptTimeoutMs = 20_000

/**
 * acks −1. Never `idempotent: true`: kafkajs then reuses a sequence number after an error and can confirm a record that is
 * not in the log (measured); repeats are told apart by the ids inside the records. Retries are few inside kafkajs and many
 * here, because here the answer is checked and the deadline is known.
 */
export async function createProducer(
  clientOptions: ClientOptions,
  metrics: KafkaMetrics,
  options: ProducerOptions,
): Promise<BusProducer> {
  const producer = createClient(clientOptions, patience).producer({
    allowAutoTopicCreation: false,
    metadataMaxAge: 60_000,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 1 },
    createPartitioner: () => (args) => args.message.partition ?? 0,
  })
  await connect(producer)
  return wrapProducer(producer, metrics, options)
}

async function connect(producer: Producer): Promise<void> {
  const deadline = performance.now() + connectTimeoutMs
  for (const delayMs of backoff({ minMs: 50, maxMs: 1000 })) {
    try {
      return await producer.connect()
    } catch (error) {
      if (performance.now() + delayMs < deadline) await sleep(delayMs)
      else throw toBusError(error, 'Kafka cannot be reached.')
    }
  }
}

/** The part without a connection: result check, repeats, deadline. */
export function wrapProducer(
  producer: Pick<Producer, 'sendBatch' | 'disconnect'>,
  metrics: KafkaMetrics,
  { timeoutMs = 12_000 }: ProducerOptions = {},
): BusProducer {
  const closing = new AbortController()

  async function send(records: readonly ProducedRecord[]): Promise<TopicPartitionOffset[]> {
    const endTimer = metrics.produceSeconds.startTimer()
    const deadline = performance.now() + timeoutMs
    const written: TopicPartitionOffset[] = []
    let missing = records
    let failure: AppError | undefined
    for (const delayMs of backoff({ minMs: 50, maxMs: 1000 })) {
      if (missing.length === 0) break
      try {
        written.push(...(await attempt(missing)))
        missing = withoutWritten(missing, written)
        failure = undefined
      } catch (error) {
        failure = toBusError(error, 'Kafka did not take the records.')
      }
      if (missing.length === 0) break
      if (failure?.code === 'PAYLOAD_TOO_LARGE') throw fail(failure)
      if (performance.now() + delayMs > deadline || closing.signal.aborted) throw fail(failure)
      await sleep(delayMs, closing.signal).catch(() => {})
    }
    endTimer()
    for (const { topic } of records) metrics.records.inc({ direction: 'out', topic: topicLabel(topic) })
    return written
  }

  async function attempt(records: readonly ProducedRecord[]): Promise<TopicPartitionOffset[]> {
    const byTopic = Map.groupBy(records, ({ topic }) => topic)
    const topicMessages = [...byTopic].map(([topic, own]) => ({ topic, messages: own.map(toMessage) }))
    const sending = producer.sendBatch({ acks: -1, timeout: 3000, topicMessages })
    const answer = await withTimeout(sending, attemptTimeoutMs, 'UNAVAILABLE')
    return answer.map(toOffset)
  }

  function fail(failure: AppError | undefined): AppError {
    metrics.produceFailures.inc()
    return failure ?? new AppError('UNAVAILABLE', { message: 'Kafka did not confirm every partition.' })
  }

  return {
    send,
    async [Symbol.asyncDispose]() {
      closing.abort()
      await withTimeout(producer.disconnect(), 5000).catch(() => {})
    },
  }
}

/** kafkajs can resolve without having sent a partition whose leader just moved, or that does not exist. */
function withoutWritten(
  records: readonly ProducedRecord[],
  written: readonly TopicPartitionOffset[],
): ProducedRecord[] {
  const done = new Set(written.map(({ topic, partition }) => keyOf(topic, partition)))
  return records.filter(({ topic, partition }) => !done.has(keyOf(topic, partition)))
}

function toMessage({ partition, key, value, headers }: ProducedRecord) {
  return { partition, value, key: key ?? null, ...(headers === undefined ? {} : { headers: { ...headers } }) }
}

function toOffset({ topicName, partition, baseOffset, offset }: RecordMetadata): TopicPartitionOffset {
  return { topic: topicName, partition, offset: Number(baseOffset ?? offset) }
}
