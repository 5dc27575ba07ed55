import type { Static, TObject } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import type { Etcd, EtcdEntry } from '../discovery/index.ts'
import type { Logger } from '../logger/index.ts'
import type { Metrics } from '../metrics/index.ts'

export interface LiveConfigOptions<T extends TObject> {
  readonly etcd: Etcd
  /** Must refuse unknown keys (`additionalProperties: false`), so that a typing error in the document is seen. */
  readonly schema: T
  /** Default `/gochat/config`. */
  readonly key?: string
  /** What holds where the document says nothing. The document replaces whole top-level keys. */
  readonly defaults: Static<T>
  readonly log: Logger
  readonly metrics: Metrics
}

export interface LiveConfig<T> extends AsyncDisposable {
  /** The values in force; a new object after each change. Never wait between reading two of its values. */
  readonly current: T
  /** etcd revision of the document in force; 0: none, the defaults are in force. */
  readonly revision: number
  /** Called after each change of `current`. Returns how to stop that. A listener that throws is logged. */
  onChange(listener: (current: T) => void): () => void
}

/**
 * One JSON document in etcd, followed while the process runs. An invalid one is refused as a whole: logged by path, last
 * good kept. Without etcd the last values stay. Rejects when etcd cannot be reached at the start.
 */
export async function createLiveConfig<T extends TObject>(
  options: LiveConfigOptions<T>,
): Promise<LiveConfig<Static<T>>> {
  const { etcd, schema, key = '/gochat/config', defaults, log, metrics } = options
  if (Reflect.get(schema, 'additionalProperties') !== false)
    throw new Error('a live schema must have additionalProperties: false')
  const validator = Compile(schema)
  const applied = metrics.gauge('gochat_config_applied_revision', 'Revision of the live configuration in force.')
  const refused = metrics.counter('gochat_config_refused_total', 'Live configuration documents that were invalid.')
  const listeners = new Set<(current: Static<T>) => void>()
  const view = await etcd.watchPrefix(key)

  let current = defaults
  let revision = 0
  let seenRevision: number | undefined

  function follow(): void {
    const entry = view.entries.get(key)
    if (entry?.revision === seenRevision) return
    seenRevision = entry?.revision
    const { value, faults } = read(entry, defaults, validator)
    if (value === undefined) {
      refused.inc()
      log.error({ key, revision: entry?.revision, faults }, 'live configuration refused, the last good one stays')
      return
    }
    current = value
    revision = entry?.revision ?? 0
    applied.set(revision)
    log.info({ key, revision }, 'live configuration applied')
    for (const listener of listeners) notify(listener)
  }

  function notify(listener: (current: Static<T>) => void): void {
    try {
      listener(current)
    } catch (error) {
      log.error({ err: error, revision }, 'a listener of the live configuration failed')
    }
  }

  applied.set(0)
  const stopFollowing = view.onChange(follow)
  follow()
  return {
    get current() {
      return current
    },
    get revision() {
      return revision
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async [Symbol.asyncDispose]() {
      stopFollowing()
      listeners.clear()
      await view[Symbol.asyncDispose]()
    },
  }
}

type Outcome<T> = { value: T; faults?: undefined } | { value?: undefined; faults: readonly string[] }

function read<T extends TObject>(
  entry: EtcdEntry | undefined,
  defaults: Static<T>,
  validator: Validator<{}, T>,
): Outcome<Static<T>> {
  if (entry === undefined) return { value: defaults }
  let document: unknown
  try {
    document = JSON.parse(entry.value)
  } catch {
    return { faults: ['the document is not JSON'] }
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return { faults: ['the document is not an object'] }
  }
  const value: unknown = { ...(defaults as object), ...document }
  if (validator.Check(value)) return { value: Object.freeze(value) as Static<T> }
  return { faults: validator.Errors(value).map((fault) => `${fault.instancePath || '/'} ${fault.message}`) }
}
