import type { EtcdEntry } from './etcd.ts'

/**
 * The state behind a PrefixView. Snapshots and single changes arrive from different calls and may overlap; the revision
 * decides, so that an older fact never overwrites a newer one.
 */
export interface PrefixMap {
  readonly entries: ReadonlyMap<string, EtcdEntry>
  readonly revision: number
  onChange(listener: () => void): () => void
  /** Takes the whole content as of `revision`; ignored when older than what is known. */
  replace(entries: readonly EtcdEntry[], revision: number): void
  put(entry: EtcdEntry): void
  delete(key: string, revision: number): void
}

export function createPrefixMap(): PrefixMap {
  let entries = new Map<string, EtcdEntry>()
  let revision = 0
  const listeners = new Set<() => void>()
  const notify = () => {
    for (const listener of listeners) listener()
  }

  return {
    get entries() {
      return entries
    },
    get revision() {
      return revision
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    replace(fresh, asOf) {
      if (asOf < revision) return
      const next = new Map(fresh.map((entry) => [entry.key, entry]))
      const isSame = next.size === entries.size && fresh.every((e) => entries.get(e.key)?.revision === e.revision)
      revision = asOf
      if (isSame) return
      entries = next
      notify()
    },
    put(entry) {
      if (entry.revision < revision || entries.get(entry.key)?.revision === entry.revision) return
      revision = entry.revision
      entries.set(entry.key, entry)
      notify()
    },
    delete(key, asOf) {
      if (asOf < revision) return
      revision = asOf
      if (entries.delete(key)) notify()
    },
  }
}
