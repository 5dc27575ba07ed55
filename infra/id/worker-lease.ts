import { AppError } from '../errors/index.ts'
import type { Etcd, EtcdLease } from '../discovery/index.ts'
import { backoff, sleep } from '../lifecycle/index.ts'
import type { Logger } from '../logger/index.ts'
import { maxWorkers } from './generator.ts'

export interface WorkerLeaseOptions {
  readonly etcd: Etcd
  /** Written into the lease, for who looks. */
  readonly instance: string
  /** Ends the search for a number. */
  readonly signal?: AbortSignal
  readonly log: Logger
  /** Default 10: how long after a death a number stays taken. Clocks of machines must agree within it. */
  readonly ttlSeconds?: number
}

export interface WorkerLease extends AsyncDisposable {
  /** May change after `isHeld` was false. */
  readonly worker: number
  /**
   * False from the loss of the lease until the next one. Ids may still be made then: unless etcd gave the number to
   * another process meanwhile they are unique, and if it did, the primary key of what they name refuses the second.
   */
  readonly isHeld: boolean
}

const prefix = '/gochat/workers/'
/** Numbers tried at random before the taken ones are listed. */
const blindTries = 3

/** Takes a free number; rejects when etcd cannot be reached or all are taken. Later losses are repaired in the background. */
export async function leaseWorkerNumber(options: WorkerLeaseOptions): Promise<WorkerLease> {
  const { etcd, instance, log, ttlSeconds = 10 } = options
  const stopping = new AbortController()
  const signal = AbortSignal.any([stopping.signal, ...(options.signal === undefined ? [] : [options.signal])])
  let held = await acquire()
  const holding = hold()

  async function acquire(previous?: number): Promise<{ worker: number; lease: EtcdLease }> {
    const lease = await etcd.grantLease(ttlSeconds)
    try {
      for await (const worker of candidates(previous)) {
        signal.throwIfAborted()
        const created = await etcd.create(`${prefix}${worker}`, instance, lease)
        if (created !== undefined) return { worker, lease }
      }
      throw new AppError('UNAVAILABLE', { message: `All ${maxWorkers} worker numbers are taken.` })
    } catch (error) {
      await lease.revoke()
      throw error
    }
  }

  async function* candidates(previous?: number): AsyncGenerator<number> {
    if (previous !== undefined) yield previous
    // At random, so that a number just given back is not at once used by a machine whose clock is behind.
    for (let attempt = 0; attempt < blindTries; attempt += 1) yield Math.floor(Math.random() * maxWorkers)
    const taken = new Set((await etcd.getPrefix(prefix)).map(({ key }) => Number(key.slice(prefix.length))))
    for (let worker = 0; worker < maxWorkers; worker += 1) if (!taken.has(worker)) yield worker
  }

  async function hold(): Promise<void> {
    while (!signal.aborted) {
      await aborted(AbortSignal.any([held.lease.lost, signal]))
      if (signal.aborted) return
      log.warn({ worker: held.worker }, 'worker number lost, leasing again')
      await acquireAgain()
    }
  }

  async function acquireAgain(): Promise<void> {
    for (const delayMs of backoff({ minMs: 100, maxMs: 5000 })) {
      try {
        held = await acquire(held.worker)
        log.info({ worker: held.worker }, 'worker number leased again')
        return
      } catch (error) {
        if (signal.aborted) return
        log.warn({ err: error }, 'no worker number yet')
      }
      await sleep(delayMs, signal).catch(() => undefined)
      if (signal.aborted) return
    }
  }

  return {
    get worker() {
      return held.worker
    },
    get isHeld() {
      return !stopping.signal.aborted && !held.lease.lost.aborted
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await holding
      await held.lease.revoke()
    },
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
