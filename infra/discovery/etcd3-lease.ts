import type { Lease } from 'etcd3'

import { createLogThrottle, type Logger } from '#infra/logger/index.ts'

export interface HeldLease {
  readonly lost: AbortSignal
  revoke(timeoutMs: number): Promise<void>
}

/**
 * Watches over a lease that etcd3 keeps alive. etcd3 itself says `lost` only two TTLs after the last confirmation, when another
 * process may long have what we still believe to hold: here a lease is lost one TTL after the last confirmed renewal was *sent*.
 */
export function holdLease(lease: Lease, ttlSeconds: number, askedAt: number, log: Logger): HeldLease {
  const loss = new AbortController()
  const shouldLog = createLogThrottle(10_000)
  let isRevoked = false
  let sentAt = askedAt
  let confirmedAt = askedAt
  let timer = setTimeout(checkAge, ttlSeconds * 1_000)

  lease.on('keepaliveFired', () => {
    sentAt = performance.now()
  })
  lease.on('keepaliveSucceeded', () => {
    confirmedAt = sentAt
  })
  // While etcd is away this comes ten times a second.
  lease.on('keepaliveFailed', () => {
    const passedOver = shouldLog()
    if (passedOver !== undefined) log.warn({ passedOver }, 'etcd lease could not be renewed')
  })
  lease.on('lost', () => lose('etcd no longer knows the lease'))

  return {
    lost: loss.signal,
    async revoke(timeoutMs) {
      isRevoked = true
      clearTimeout(timer)
      await lease.revoke({ deadline: Date.now() + timeoutMs }).catch(() => undefined)
    },
  }

  function checkAge(): void {
    const leftMs = confirmedAt + ttlSeconds * 1_000 - performance.now()
    if (leftMs > 0) timer = setTimeout(checkAge, leftMs)
    else lose('not renewed within its time')
  }

  function lose(reason: string): void {
    if (isRevoked || loss.signal.aborted) return
    clearTimeout(timer)
    log.warn({ reason }, 'etcd lease lost')
    loss.abort()
    // Should etcd still hold it after all: nobody renews it any more, so let its keys go.
    lease.revoke({ deadline: Date.now() + 1_000 }).catch(() => undefined)
  }
}
