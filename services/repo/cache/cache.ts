import type { Logger } from '#infra/logger/index.ts'
import { createLogThrottle } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { Redis } from '#infra/redis/index.ts'
import { createInvalidator } from './invalidator.ts'
import { cacheRequests } from './requests.ts'

/** Cache-aside. MySQL is the truth: with Redis slow, full of old values or gone, answers are slower, and the same. */
export interface Cache extends AsyncDisposable {
  /**
   * The values of these keys, from Redis or else from `load`, which gets the keys that are wanted and leaves out what does
   * not exist: absence is never cached.
   */
  read<T>(kind: CacheKind, keys: readonly string[], load: Load<T>): Promise<Map<string, T>>
  /**
   * After a write. From this call on this process does not read the key from Redis until Redis has forgotten it; what others
   * read from MySQL before the write cannot be put there after it.
   */
  invalidate(keys: readonly string[]): void
}

export type CacheKind = 'user' | 'conversation' | 'member'
type Load<T> = (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>

export interface CacheOptions {
  /** The connection, while there is one. */
  readonly redis: () => Redis | undefined
  readonly log: Logger
  readonly metrics: Metrics
}

export function createCache({ redis, log, metrics }: CacheOptions): Cache {
  const requests = cacheRequests(metrics)
  const shouldLog = createLogThrottle(60_000)
  const invalidator = createInvalidator({ redis, metrics })
  let pausedUntil = 0

  return {
    async read<T>(kind: CacheKind, keys: readonly string[], load: Load<T>) {
      const found = new Map<string, T>()
      const fresh = keys.filter((key) => !invalidator.isPending(key))
      if (fresh.length < keys.length) requests.inc({ kind, result: 'changed' }, keys.length - fresh.length)
      const cached = fresh.length === 0 ? [] : await readCached(fresh)
      for (const [index, key] of fresh.entries()) {
        // An empty string: changed a moment ago.
        const text = cached?.[index]
        if (text) found.set(key, JSON.parse(text) as T)
        requests.inc({ kind, result: cached === undefined ? 'unavailable' : text ? 'hit' : 'miss' })
      }
      if (found.size === keys.length) return found

      const startedAt = performance.now()
      const loaded = await load(keys.filter((key) => !found.has(key)))
      for (const [key, value] of loaded) found.set(key, value)
      if (performance.now() - startedAt < maxLoadMs) fill(loaded)
      return found
    },
    invalidate: (keys) => invalidator.add(keys),
    [Symbol.asyncDispose]: () => invalidator[Symbol.asyncDispose](),
  }

  async function readCached(keys: readonly string[]): Promise<(string | null)[] | undefined> {
    const client = redis()
    if (client === undefined || performance.now() < pausedUntil) return undefined
    try {
      return await client.mget([...keys])
    } catch (error) {
      tolerate(error)
      return undefined
    }
  }

  /** NX: neither over a newer value nor over the mark of an invalidation. */
  function fill(values: ReadonlyMap<string, unknown>): void {
    const client = redis()
    if (client === undefined || values.size === 0 || performance.now() < pausedUntil) return
    for (const [key, value] of values) {
      if (invalidator.isPending(key)) continue
      client.set(key, JSON.stringify(value), 'PX', ttlMs(), 'NX').catch(tolerate)
    }
  }

  function tolerate(error: unknown): void {
    // A Redis that hangs must not cost every read its timeout.
    pausedUntil = performance.now() + pauseMs
    const passedOver = shouldLog()
    if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'cache: going on without Redis')
  }
}

/** What took longer to load is not put into Redis: the mark of an invalidation that happened meanwhile may be gone. */
const maxLoadMs = 2_000
const pauseMs = 500

/** 10 minutes, the last tenth at random, so that what was filled together does not expire together. */
function ttlMs(): number {
  return Math.round(600_000 * (0.9 + Math.random() / 10))
}
