import type { Logger } from '../../logger/index.ts'
import type { Metrics } from '../../metrics/index.ts'
import type { Bus } from '../bus.ts'
import { kafkaMetrics } from '../metrics.ts'
import { createAdmin } from './admin.ts'
import { createClient } from './client.ts'
import { createConsumer } from './consumer.ts'
import { useEncoderParts } from './encoder-parts.ts'
import { createProducer } from './producer.ts'
import { useNativeCrc } from './native-crc.ts'
import { guardIdleTimer } from './timer-guard.ts'

export interface KafkaBusOptions {
  readonly brokers: readonly string[]
  /** Shown in the broker's logs and quotas: the instance, such as `logic-1`. */
  readonly clientId: string
  readonly log: Logger
  readonly metrics: Metrics
}

/** Connects with the first producer, consumer or question. Disposing it stops consumers first, producers last. */
export function createKafkaBus(options: KafkaBusOptions): Bus {
  guardIdleTimer()
  useNativeCrc()
  useEncoderParts()
  const log = options.log.child({ part: 'kafka' })
  const clientOptions = { brokers: options.brokers, clientId: options.clientId, log }
  const metrics = kafkaMetrics(options.metrics)
  const admin = createAdmin(clientOptions)
  const producers = new AsyncDisposableStack()
  const consumers = new AsyncDisposableStack()

  return {
    producer: async (producerOptions = {}) =>
      producers.use(await createProducer(clientOptions, metrics, producerOptions)),
    consumer: async () =>
      consumers.use(
        createConsumer({ admin, log, metrics, createConsumer: (...args) => kafkajsConsumer(clientOptions, ...args) }),
      ),
    admin: async () => admin,
    async [Symbol.asyncDispose]() {
      await consumers.disposeAsync()
      await producers.disposeAsync()
      await admin[Symbol.asyncDispose]()
    },
  }
}

function kafkajsConsumer(
  clientOptions: Parameters<typeof createClient>[0],
  groupId: string,
  canRestart: () => boolean,
) {
  // So patient that the membership outlives a broker's restart: a client that gave up would have to wait for its own session.
  return createClient(clientOptions, { requestTimeoutMs: 10_000, retries: 20 }).consumer({
    groupId,
    sessionTimeout: 10_000,
    heartbeatInterval: 1000,
    rebalanceTimeout: 20_000,
    // Commits, heartbeats and resume() wait behind a long poll on the same connection, so it is never long.
    maxWaitTimeInMs: 200,
    minBytes: 1,
    maxBytes: 4 * 1024 * 1024,
    maxBytesPerPartition: 256 * 1024,
    readUncommitted: true,
    allowAutoTopicCreation: false,
    metadataMaxAge: 30_000,
    retry: { retries: 10, initialRetryTime: 100, maxRetryTime: 3000, restartOnFailure: async () => canRestart() },
  })
}
