import { once } from 'node:events'

import { backoff, sleep } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'

import type { Etcd, EtcdLease } from './etcd.ts'
import { encodeHost, servicePrefix } from './registration-record.ts'

export interface Registry {
  /** Throws UNAVAILABLE when etcd does not answer now; afterwards the registration is kept up whatever happens to etcd. */
  register(service: string, instance: string, address: string): Promise<Registration>
}

/** Disposing removes it at once. */
export interface Registration extends AsyncDisposable {
  /** False between the loss of a lease and the next one. */
  readonly isRegistered: boolean
  /** Tells clients to give this instance nothing new. Stays so after a lost lease. */
  setDraining(): Promise<void>
}

export interface RegistryOptions {
  /** How long a dead process stays listed. Default 10. */
  readonly leaseTtlSeconds?: number
  readonly log: Logger
}

export function createEtcdRegistry(etcd: Etcd, { leaseTtlSeconds = 10, log }: RegistryOptions): Registry {
  return {
    async register(service, instance, address) {
      const key = `${servicePrefix(service)}${instance}`
      const closing = new AbortController()
      const shouldLog = createLogThrottle(10_000)
      let draining = false
      let lease: EtcdLease
      await announce()
      const loop = keepUp()

      return {
        get isRegistered() {
          return !lease.lost.aborted && !closing.signal.aborted
        },
        async setDraining() {
          draining = true
          if (!lease.lost.aborted) await etcd.put(key, value(), lease)
        },
        async [Symbol.asyncDispose]() {
          closing.abort()
          await loop
          await lease.revoke()
        },
      }

      function value(): string {
        return encodeHost({ instance, address, draining })
      }

      async function announce(): Promise<void> {
        const fresh = await etcd.grantLease(leaseTtlSeconds)
        try {
          let written: string
          do {
            written = value()
            await etcd.put(key, written, fresh)
          } while (written !== value())
          lease = fresh
        } catch (error) {
          await fresh.revoke()
          throw error
        }
      }

      async function keepUp(): Promise<void> {
        while (await isLost(lease)) {
          for (const delayMs of backoff({ minMs: 100, maxMs: 2_000 })) {
            try {
              await announce()
              log.info({ service, instance }, 'registered again')
              break
            } catch (error) {
              const passedOver = shouldLog()
              if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'cannot register again yet')
              await sleep(delayMs, closing.signal).catch(() => undefined)
              if (closing.signal.aborted) return
            }
          }
        }
      }

      /** Waits for the loss; false when closing comes first. */
      async function isLost({ lost }: EtcdLease): Promise<boolean> {
        const either = AbortSignal.any([lost, closing.signal])
        if (!either.aborted) await once(either, 'abort')
        return !closing.signal.aborted
      }
    },
  }
}
