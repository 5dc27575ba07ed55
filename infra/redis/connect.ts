import { once } from 'node:events'

import { Redis as Client } from 'ioredis'

import { AppError } from '#infra/errors/index.ts'
import { withTimeout } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'

/** ioredis, disposable. */
export type Redis = Client & AsyncDisposable

export interface RedisOptions {
  /** redis://[user:password@]host:port[/db], or rediss:// for TLS. */
  readonly url: string
  readonly log: Logger
  readonly metrics: Metrics
  /** Longest wait for an answer to one command. Default 1 000. */
  readonly commandTimeoutMs?: number
  /** Longest wait for the first connection. Default 10 000. Later outages never end the retrying. */
  readonly connectTimeoutMs?: number
}

/** Resolves once connected; throws UNAVAILABLE when that takes longer than `connectTimeoutMs`. */
export async function connectRedis(options: RedisOptions): Promise<Redis> {
  const { url, log, metrics, commandTimeoutMs = 1_000, connectTimeoutMs = 10_000 } = options
  const client = new Client(url, {
    lazyConnect: true,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2_000,
    keepAlive: 10_000,
    enableOfflineQueue: false,
    // At most once: what was in flight when the connection broke fails at once and is not sent again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A peer that vanished without a word: no byte for this long while commands wait means a new connection.
    socketTimeout: 3 * commandTimeoutMs,
    retryStrategy: retryDelayMs,
  })
  observe(client, log, metrics)

  const ready = Promise.withResolvers<void>()
  client.once('ready', ready.resolve)
  // The outcome of the first attempt is not the answer: 'ready' may come from a later one.
  client.connect().catch(() => undefined)
  try {
    await withTimeout(ready.promise, connectTimeoutMs)
  } catch (error) {
    client.disconnect()
    throw new AppError('UNAVAILABLE', {
      message: `No connection to Redis within ${connectTimeoutMs} ms.`,
      cause: error,
    })
  }
  return Object.assign(client, { [Symbol.asyncDispose]: () => close(client) })
}

/** 50 ms, doubling to 2 s, the last half random. Exported for its test. */
export function retryDelayMs(attempt: number): number {
  const delayMs = Math.min(50 * 2 ** (attempt - 1), 2_000)
  return Math.round(delayMs * (0.5 + Math.random() / 2))
}

function observe(client: Client, log: Logger, metrics: Metrics): void {
  const connected = metrics.gauge('gochat_redis_connected', '1 while the connection to Redis is usable')
  const lost = metrics.counter(
    'gochat_redis_connections_lost_total',
    'Connections to Redis that ended or could not be made',
  )
  const shouldLog = createLogThrottle(60_000)
  let isReady = false

  client.on('ready', () => {
    isReady = true
    connected.set(1)
    log.info('connected to Redis')
  })
  client.on('close', () => {
    if (isReady) log.warn('connection to Redis closed')
    isReady = false
    connected.set(0)
    lost.inc()
  })
  // Without a listener ioredis prints; with one per attempt it would flood.
  client.on('error', (error: Error) => {
    const passedOver = shouldLog()
    if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'Redis connection error')
  })
}

async function close(client: Client): Promise<void> {
  if (client.status === 'end') return
  const ended = once(client, 'end', { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  // QUIT lets what was sent be answered; when there is nobody to answer, hang up.
  await client.quit().catch(() => client.disconnect())
  await ended
}
