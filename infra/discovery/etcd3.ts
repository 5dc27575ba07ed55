import { Etcd3, type Lease } from 'etcd3'

import { AppError } from '#infra/errors/index.ts'
import { withTimeout } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'

import { entryOf } from './etcd3-entry.ts'
import { holdLease } from './etcd3-lease.ts'
import { watchEtcdPrefix } from './etcd3-watch.ts'
import type { Etcd, EtcdLease } from './etcd.ts'

export interface EtcdOptions {
  /** host:port or http(s)://host:port; several members of one cluster. */
  readonly endpoints: readonly string[]
  readonly log: Logger
  /** Longest wait for one call, retries included. Default 3 000. */
  readonly timeoutMs?: number
}

/** The real etcd. Connects on first use, and again for ever after. etcd3 stays behind this file and its two neighbours. */
export function connectEtcd({ endpoints, log, timeoutMs = 3_000 }: EtcdOptions): Etcd {
  const client = new Etcd3({
    hosts: [...endpoints],
    grpcOptions: { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 3_000 },
    // One attempt; etcd3 makes up to three within the bound of `call`.
    defaultCallOptions: (context) => (context.isStream ? {} : { deadline: Date.now() + Math.ceil(timeoutMs / 2) }),
  })
  const call = <T>(work: () => Promise<T>): Promise<T> => withTimeout(work(), timeoutMs).catch(throwTranslated)

  const snapshot = (prefix: string) =>
    call(async () => {
      const { kvs, header } = await client.getAll().prefix(prefix).sort('Key', 'Ascend').exec()
      return { entries: kvs.map(entryOf), revision: Number(header.revision) }
    })

  const putIf = (key: string, value: string, column: 'Create' | 'Mod', expected: number, lease?: EtcdLease) =>
    call(async () => {
      const put = client.put(key).value(value)
      const { succeeded, header, responses } = await client
        .if(key, column, '==', expected)
        .then(lease === undefined ? put : put.lease(lease.id))
        .else(client.get(key))
        .commit()
      if (succeeded) return Number(header.revision)
      const found = responses[0]?.response_range?.kvs[0]
      // etcd3 repeats an attempt whose answer was lost: what we find may be what we wrote.
      const isOurs = lease !== undefined && found?.lease === lease.id && found.value.toString() === value
      return isOurs ? Number(found.mod_revision) : undefined
    })

  return {
    get: (key) =>
      call(async () => {
        const [found] = (await client.get(key).exec()).kvs
        return found === undefined ? undefined : entryOf(found)
      }),
    getPrefix: async (prefix) => (await snapshot(prefix)).entries,
    put: (key, value, lease) =>
      call(async () => {
        const put = client.put(key).value(value)
        const { header } = await (lease === undefined ? put : put.lease(lease.id)).exec()
        return Number(header.revision)
      }),
    create: (key, value, lease) => putIf(key, value, 'Create', 0, lease),
    putIfUnchanged: (key, value, revision, lease) => putIf(key, value, 'Mod', revision, lease),
    delete: (key) => call(async () => Number((await client.delete().key(key).exec()).deleted) > 0),
    async grantLease(ttlSeconds) {
      const askedAt = performance.now()
      const lease: Lease = client.lease(ttlSeconds)
      // Before the answer, so that no event is missed; `lost` without a listener is no crash, unlike `error`.
      const held = holdLease(lease, ttlSeconds, askedAt, log)
      try {
        const id = await call(() => lease.grant())
        return { id, lost: held.lost, revoke: () => held.revoke(timeoutMs) }
      } catch (error) {
        void held.revoke(timeoutMs)
        throw error
      }
    },
    watchPrefix: (prefix) => watchEtcdPrefix({ client, prefix, snapshot: () => snapshot(prefix), timeoutMs, log }),
    async [Symbol.asyncDispose]() {
      client.close()
    },
  }
}

function throwTranslated(error: unknown): never {
  if (error instanceof AppError) throw error
  const message = error instanceof Error ? error.message : String(error)
  throw new AppError(/deadline/i.test(message) ? 'DEADLINE_EXCEEDED' : 'UNAVAILABLE', {
    message: `etcd: ${message}`,
    cause: error,
  })
}
