import { backoff, sleep } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { Etcd } from '#infra/discovery/index.ts'
import type { Place } from './routes.ts'

/** A gateway's lease of a slot: its number, and the epoch that tells this hold of it from all earlier ones. */
export interface SlotLease extends Place, AsyncDisposable {
  /** Aborted when the lease is lost: another gateway may have the slot by now. Lease again. */
  readonly lost: AbortSignal
}

export interface LeaseSlotOptions {
  readonly etcd: Etcd
  /** How many there are. */
  readonly slots: number
  readonly instance: string
  readonly address: string
  readonly log: Logger
  /** Ends the waiting for a free slot, with its reason. */
  readonly signal: AbortSignal
  /** Tried first, so that a gateway that lost its lease comes back to its own topic if it can. */
  readonly preferred?: number
}

const leaseTtlSeconds = 10

/** Takes a free slot; while there is none, or etcd is away, waits until the signal aborts. */
export async function leaseSlot(options: LeaseSlotOptions): Promise<SlotLease> {
  const { log, signal } = options
  const shouldLog = createLogThrottle(10_000)
  const delays = backoff({ minMs: 100, maxMs: 2000 })
  for (;;) {
    signal.throwIfAborted()
    try {
      const lease = await takeFreeSlot(options)
      if (lease !== undefined) return lease
      if (shouldLog() !== undefined) log.warn({ slots: options.slots }, 'every slot is taken: waiting for a free one')
    } catch (error) {
      if (shouldLog() !== undefined) log.warn({ err: error }, 'cannot lease a slot: trying again')
    }
    await sleep(delays.next().value, signal)
  }
}

async function takeFreeSlot(options: LeaseSlotOptions): Promise<SlotLease | undefined> {
  const { etcd, slots, instance, address, log, preferred = 0 } = options
  const taken = new Set((await etcd.getPrefix(slotsPrefix)).map(({ key }) => slotOf(key)))
  const lease = await etcd.grantLease(leaseTtlSeconds)
  try {
    for (let step = 0; step < slots; step += 1) {
      const slot = (preferred + step) % slots
      if (taken.has(slot)) continue
      const epoch = await etcd.create(slotKey(slot), JSON.stringify({ instance, address }), lease)
      if (epoch === undefined) continue
      log.info({ slot, epoch }, 'slot leased')
      return { slot, epoch, lost: lease.lost, [Symbol.asyncDispose]: () => lease.revoke() }
    }
  } catch (error) {
    // Whether the key was made is unknown; without its lease it goes.
    await lease.revoke()
    throw error
  }
  await lease.revoke()
  return undefined
}

export const slotsPrefix = '/gochat/slots/'

export function slotKey(slot: number): string {
  return `${slotsPrefix}${slot}`
}

export function slotOf(key: string): number {
  return Number(key.slice(slotsPrefix.length))
}
