import { AppError } from '#infra/errors/index.ts'

import type { Etcd, EtcdEntry, EtcdLease } from './etcd.ts'
import { createPrefixMap, type PrefixMap } from './prefix-map.ts'

export interface MemoryEtcd extends Etcd {
  /** While false every call throws UNAVAILABLE and views stand still; leases live on, as during a short outage. */
  setReachable(isReachable: boolean): void
  /** As if etcd had let it expire: its keys go, `lost` is aborted. */
  expireLease(lease: EtcdLease): void
}

/** etcd in memory, for unit tests: one object shared by all who would connect to the same etcd. Leases expire only when told to. */
export function memoryEtcd(): MemoryEtcd {
  const entries = new Map<string, EtcdEntry>()
  const keysByLease = new Map<string, Set<string>>()
  const losses = new Map<string, AbortController>()
  const views = new Set<{ prefix: string; map: PrefixMap }>()
  let revision = 0
  let lastLease = 0
  let isReachable = true

  async function call<T>(work: () => T): Promise<T> {
    // An answer takes a turn of the event loop, as over a network: callers that forget to await are found out.
    await new Promise(setImmediate)
    if (!isReachable) throw new AppError('UNAVAILABLE', { message: 'etcd is not reachable.' })
    return work()
  }
  function putUnless(isConflict: boolean, key: string, value: string, lease?: EtcdLease): number | undefined {
    if (!isConflict) return write(key, value, lease)
    const found = entries.get(key)
    const isOurs = lease !== undefined && keysByLease.get(lease.id)?.has(key) === true && found?.value === value
    return isOurs ? found.revision : undefined
  }
  function write(key: string, value: string, lease?: EtcdLease): number {
    const held = lease === undefined ? undefined : keysByLease.get(lease.id)
    if (lease !== undefined && held === undefined) throw new AppError('UNAVAILABLE', { message: 'The lease is gone.' })
    revision += 1
    for (const keys of keysByLease.values()) keys.delete(key)
    held?.add(key)
    const entry = { key, value, revision }
    entries.set(key, entry)
    for (const { prefix, map } of views) if (isReachable && key.startsWith(prefix)) map.put(entry)
    return revision
  }
  function remove(key: string): boolean {
    if (!entries.delete(key)) return false
    revision += 1
    for (const { prefix, map } of views) if (isReachable && key.startsWith(prefix)) map.delete(key, revision)
    return true
  }
  function dropLease(id: string): void {
    const keys = keysByLease.get(id) ?? []
    keysByLease.delete(id)
    for (const key of keys) remove(key)
  }
  function under(prefix: string): EtcdEntry[] {
    const found = [...entries.values()].filter(({ key }) => key.startsWith(prefix))
    return found.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  return {
    get: (key) => call(() => entries.get(key)),
    getPrefix: (prefix) => call(() => under(prefix)),
    put: (key, value, lease) => call(() => write(key, value, lease)),
    create: (key, value, lease) => call(() => putUnless(entries.has(key), key, value, lease)),
    putIfUnchanged: (key, value, expected, lease) =>
      call(() => putUnless((entries.get(key)?.revision ?? 0) !== expected, key, value, lease)),
    delete: (key) => call(() => remove(key)),
    grantLease: () =>
      call(() => {
        lastLease += 1
        const id = String(lastLease)
        const loss = new AbortController()
        keysByLease.set(id, new Set())
        losses.set(id, loss)
        return { id, lost: loss.signal, revoke: () => call(() => dropLease(id)).catch(() => undefined) }
      }),
    watchPrefix: (prefix) =>
      call(() => {
        const map = createPrefixMap()
        map.replace(under(prefix), revision)
        const view = { prefix, map }
        views.add(view)
        return {
          get entries() {
            return map.entries
          },
          get revision() {
            return map.revision
          },
          onChange: (listener) => map.onChange(listener),
          async [Symbol.asyncDispose]() {
            views.delete(view)
          },
        }
      }),
    setReachable(next) {
      isReachable = next
      if (isReachable) for (const { prefix, map } of views) map.replace(under(prefix), revision)
    },
    expireLease(lease) {
      dropLease(lease.id)
      losses.get(lease.id)?.abort()
    },
    async [Symbol.asyncDispose]() {
      views.clear()
    },
  }
}
