import { every, type Loop } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { Redis } from './connect.ts'

export interface WatchServerOptions {
  /** Undefined while there is no connection. */
  readonly redis: () => Redis | undefined
  readonly log: Logger
  readonly metrics: Metrics
}

const intervalMs = 15_000

/** Shows what the Redis server says of itself: memory, and how often a key that was asked for was there. One process is enough. */
export function watchRedisServer({ redis, log, metrics }: WatchServerOptions): Loop {
  const show = serverGauges(metrics)
  const look = async (): Promise<void> => {
    const client = redis()
    if (client?.status === 'ready') show(await client.info())
  }
  return every(intervalMs, look, {
    onError: (error) => log.warn({ err: error }, 'Redis does not say how it is'),
    unref: true,
  })
}

/** Exported for its test. */
export function serverGauges(metrics: Metrics): (info: string) => void {
  const gauges = new Map([
    ['used_memory', metrics.gauge('gochat_redis_memory_used_bytes', 'Memory that the Redis server uses.')],
    ['maxmemory', metrics.gauge('gochat_redis_memory_max_bytes', 'Memory that the Redis server may use; 0: no limit.')],
    ['keyspace_hits', metrics.gauge('gochat_redis_keyspace_hits', 'Keys found, since the Redis server started.')],
    ['keyspace_misses', metrics.gauge('gochat_redis_keyspace_misses', 'Keys not found, since the server started.')],
  ])
  return (info) => {
    for (const line of info.split('\r\n')) {
      const [field = '', value = ''] = line.split(':')
      if (/^\d+$/.test(value)) gauges.get(field)?.set(Number(value))
    }
  }
}
