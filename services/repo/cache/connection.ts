import { backoff, sleep } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { connectRedis, type Redis } from '#infra/redis/index.ts'

/** The cache's connection, made in the background: a service that can do without Redis also starts without it. */
export interface CacheConnection extends AsyncDisposable {
  current(): Redis | undefined
}

export function openCacheConnection(options: {
  readonly url: string
  readonly log: Logger
  readonly metrics: Metrics
}): CacheConnection {
  const closing = new AbortController()
  let redis: Redis | undefined
  const connecting = connect()

  async function connect(): Promise<void> {
    for (const delayMs of backoff({ minMs: 200, maxMs: 5_000 })) {
      if (closing.signal.aborted) return
      try {
        redis = await connectRedis({ ...options, commandTimeoutMs, connectTimeoutMs: 2_000 })
        return
      } catch {
        // connectRedis has logged it.
        await sleep(delayMs, closing.signal).catch(() => undefined)
      }
    }
  }

  return {
    current: () => redis,
    async [Symbol.asyncDispose]() {
      closing.abort()
      await connecting
      await redis?.[Symbol.asyncDispose]()
    },
  }
}

/** A read that waits longer than this is better served by MySQL. */
const commandTimeoutMs = 200
