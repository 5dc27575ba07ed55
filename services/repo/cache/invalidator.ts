import type { Metrics } from '#infra/metrics/index.ts'
import { defineScript, loadScripts, type Redis } from '#infra/redis/index.ts'

export interface Invalidator extends AsyncDisposable {
  add(keys: readonly string[]): void
  /** Redis may still hold an old value of this key. */
  isPending(key: string): boolean
}

/**
 * Tells Redis what has changed: off the path of who changed it, all that waits in one command, again and again until it worked.
 * A key is not deleted but marked for some seconds, so that a reader who took the old value from MySQL cannot put it back.
 */
export function createInvalidator(options: {
  readonly redis: () => Redis | undefined
  readonly metrics: Metrics
}): Invalidator {
  const dropped = options.metrics.counter(
    'gochat_repo_cache_lost_invalidations_total',
    'Changed keys that Redis was not told of: their old values live until they expire.',
  )
  const scripts = new WeakMap<Redis, MarkScript>()
  const marked = createRecentKeys()
  let waiting = new Set<string>()
  let sending = new Set<string>()
  let isScheduled = false
  let isClosed = false
  let retryTimer: NodeJS.Timeout | undefined
  let underWay: Promise<void> = Promise.resolve()

  return {
    add(keys) {
      for (const key of keys) {
        if (marked.has(key)) continue
        // Redis has been away for long, or has lost its memory by now.
        if (waiting.size >= maxWaiting && !waiting.has(key)) dropped.inc()
        else waiting.add(key)
      }
      if (waiting.size > 0) schedule()
    },
    isPending: (key) => waiting.has(key) || sending.has(key),
    async [Symbol.asyncDispose]() {
      isClosed = true
      clearTimeout(retryTimer)
      await underWay
      if (waiting.size > 0) await send()
    },
  }

  function schedule(): void {
    if (isScheduled || isClosed) return
    isScheduled = true
    // Also merges what the same turn of the event loop changes.
    setImmediate(() => {
      underWay = send().then((isDone) => {
        isScheduled = false
        if (waiting.size === 0 || isClosed) return
        if (isDone) schedule()
        else retryTimer = setTimeout(schedule, retryMs).unref()
      })
    })
  }

  async function send(): Promise<boolean> {
    const client = options.redis()
    if (client === undefined) return false
    sending = waiting
    waiting = new Set()
    try {
      const keys = [...sending]
      for (let start = 0; start < keys.length; start += keysPerCommand) {
        await mark(client)(keys.slice(start, start + keysPerCommand), [markMs])
      }
      marked.add(sending)
      return true
    } catch {
      marked.clear()
      for (const key of sending) waiting.add(key)
      return false
    } finally {
      sending = new Set()
    }
  }

  function mark(client: Redis): MarkScript {
    const known = scripts.get(client) ?? loadScripts(client, { markChanged }).markChanged
    scripts.set(client, known)
    return known
  }
}

type MarkScript = (keys: readonly string[], args: readonly number[]) => Promise<unknown>

const markChanged = defineScript<null>({
  lua: `for _, key in ipairs(KEYS) do redis.call('SET', key, '', 'PX', ARGV[1]) end`,
})

/** Keys whose mark is young enough to serve a further change, too: the busiest keys cost Redis one command in some seconds. */
function createRecentKeys() {
  let young = new Set<string>()
  let old = new Set<string>()
  let bornAt = performance.now()

  return {
    has(key: string): boolean {
      const ageMs = performance.now() - bornAt
      if (ageMs > generationMs) {
        old = ageMs > 2 * generationMs ? new Set() : young
        young = new Set()
        bornAt = performance.now()
      }
      return young.has(key) || old.has(key)
    },
    add(keys: ReadonlySet<string>): void {
      for (const key of keys) young.add(key)
    },
    clear(): void {
      young.clear()
      old.clear()
    },
  }
}

/**
 * A mark must outlive the slowest load that may still fill the key (maxLoadMs of the cache), counted from the last change that
 * relies on it, which is up to two generations after the first.
 */
const markMs = 10_000
const generationMs = 2_500
const retryMs = 250
const keysPerCommand = 1_000
const maxWaiting = 100_000
