import { type Etcd3, type IKeyValue, type Watcher } from 'etcd3'

import { AppError } from '#infra/errors/index.ts'
import { backoff, sleep, withTimeout } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'

import { entryOf } from './etcd3-entry.ts'
import type { EtcdEntry, PrefixView } from './etcd.ts'
import { createPrefixMap } from './prefix-map.ts'

interface WatchOptions {
  readonly client: Etcd3
  readonly prefix: string
  readonly snapshot: () => Promise<{ entries: readonly EtcdEntry[]; revision: number }>
  readonly timeoutMs: number
  readonly log: Logger
}

/**
 * A watcher, and a snapshot after each time that it connected. The snapshot is what makes it exact: etcd3 resumes after the
 * revision at which the stream was created, which skips what was not delivered yet, and a compaction ends the watcher for good.
 */
export async function watchEtcdPrefix({ client, prefix, snapshot, timeoutMs, log }: WatchOptions): Promise<PrefixView> {
  const map = createPrefixMap()
  const closing = new AbortController()
  const shouldLog = createLogThrottle(10_000)
  const first = Promise.withResolvers<void>()
  let refreshing: Promise<void> | undefined
  let isStale = false
  let watcher = watch()

  try {
    await withTimeout(first.promise, timeoutMs, 'UNAVAILABLE')
  } catch (error) {
    await close()
    throw new AppError('UNAVAILABLE', { message: 'etcd: the watch could not be set up in time.', cause: error })
  }

  return {
    get entries() {
      return map.entries
    },
    get revision() {
      return map.revision
    },
    onChange: (listener) => map.onChange(listener),
    [Symbol.asyncDispose]: close,
  }

  function watch(): Watcher {
    const fresh = client.watch().prefix(prefix).watcher()
    fresh.on('connected', refresh)
    fresh.on('put', (kv: IKeyValue) => map.put(entryOf(kv)))
    fresh.on('delete', (kv: IKeyValue) => map.delete(kv.key.toString(), Number(kv.mod_revision)))
    fresh.on('disconnected', (error: Error) => warn(error, 'etcd watch interrupted; keeping the last view'))
    // etcd cancelled it (compaction, no permission): this watcher is dead.
    fresh.on('error', (error: Error) => {
      warn(error, 'etcd watch ended; watching anew')
      void watchAnew()
    })
    return fresh
  }

  async function watchAnew(): Promise<void> {
    await sleep(500, closing.signal).catch(() => undefined)
    if (!closing.signal.aborted) watcher = watch()
  }

  /** One at a time; a connect while one is under way causes another after it. */
  function refresh(): void {
    isStale = true
    refreshing ??= refreshUntilDone().finally(() => (refreshing = undefined))
  }

  async function refreshUntilDone(): Promise<void> {
    for (const delayMs of backoff({ minMs: 50, maxMs: 2_000 })) {
      if (!isStale || closing.signal.aborted) return
      isStale = false
      try {
        const { entries, revision } = await snapshot()
        map.replace(entries, revision)
        first.resolve()
      } catch (error) {
        isStale = true
        warn(error, 'etcd cannot be read; keeping the last view')
        await sleep(delayMs, closing.signal).catch(() => undefined)
      }
    }
  }

  function warn(error: unknown, message: string): void {
    const passedOver = shouldLog()
    if (passedOver !== undefined && !closing.signal.aborted) log.warn({ err: error, prefix, passedOver }, message)
  }

  async function close(): Promise<void> {
    if (closing.signal.aborted) return
    closing.abort()
    // Waits for the server's word, which may never come.
    await withTimeout(watcher.cancel(), 1_000).catch(() => undefined)
    await refreshing
  }
}
