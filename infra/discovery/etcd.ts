export interface EtcdEntry {
  readonly key: string
  readonly value: string
  /** Revision of the last change to this key. Grows over the whole store, so it also serves as a fencing number. */
  readonly revision: number
}

/**
 * What GoChat needs of etcd, and no more. Every call is bounded in time and throws UNAVAILABLE or DEADLINE_EXCEEDED.
 * `connectEtcd` is the real one; `memoryEtcd` the double that passes the same contract test.
 */
export interface Etcd extends AsyncDisposable {
  get(key: string): Promise<EtcdEntry | undefined>
  /** By key. */
  getPrefix(prefix: string): Promise<readonly EtcdEntry[]>
  /** Returns the revision of the change. With a lease the key goes when the lease does. */
  put(key: string, value: string, lease?: EtcdLease): Promise<number>
  /**
   * Atomic: undefined when the key exists already, else the revision of its creation. A key that holds this value under this
   * lease counts as made by this call: an attempt whose answer was lost is repeated.
   */
  create(key: string, value: string, lease?: EtcdLease): Promise<number | undefined>
  /** Atomic: puts only while the key's last change is still `revision` (0: while it does not exist); else undefined. */
  putIfUnchanged(key: string, value: string, revision: number, lease?: EtcdLease): Promise<number | undefined>
  /** True when there was something to delete. */
  delete(key: string): Promise<boolean>
  /** Kept alive until revoked or lost. */
  grantLease(ttlSeconds: number): Promise<EtcdLease>
  /** Resolves with the prefix's present content, kept up to date from then on. */
  watchPrefix(prefix: string): Promise<PrefixView>
}

export interface EtcdLease {
  readonly id: string
  /**
   * Aborted when the lease is lost: expired, revoked by another, or unconfirmed for longer than its TTL, after which its keys
   * must be taken for gone. A lost lease never comes back: grant a new one. Not aborted by an own `revoke`.
   */
  readonly lost: AbortSignal
  /** Lets the keys go at once. Never throws: what cannot be revoked expires. */
  revoke(): Promise<void>
}

/** A map of the keys under a prefix, as of one revision. While etcd is away it stands still. */
export interface PrefixView extends AsyncDisposable {
  readonly entries: ReadonlyMap<string, EtcdEntry>
  /** Grows with each applied change. */
  readonly revision: number
  /** Called after each change of `entries`. Returns how to stop that. */
  onChange(listener: () => void): () => void
}
