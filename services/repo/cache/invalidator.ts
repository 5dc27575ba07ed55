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
  let waiting = new Set<string>()
  let sending = new Set<string>()
  let isScheduled = false
  let isClosed = false
  let retryTimer: NodeJS.Timeout | undefined
  let underWay: Promise<void> = Promise.resolve()

  return {
    add(keys) {
      for (const key of keys) {
        // Redis has been away for long, or has lost its memory by now.
        if (waiting.size >= maxWaiting && !waiting.has(key)) dropped.inc()
        else waiting.add(key)
      }
      if (keys.length > 0) schedule()
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
      return true
    } catch {
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

/** Longer than the slowest load that may still fill (maxLoadMs of the cache) and the clocks of two machines drift apart in it. */
const markMs = 5_000
const retryMs = 250
const keysPerCommand = 1_000
const maxWaiting = 100_000
