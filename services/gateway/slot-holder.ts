import { once } from 'node:events'
import type { Place } from '#delivery/routes.ts'
import { leaseSlot, type SlotLease } from '#delivery/slots.ts'
import { downstreamTopic } from '#delivery/topics.ts'
import type { Etcd } from '#infra/discovery/index.ts'
import type { AppError } from '#infra/errors/index.ts'
import { backoff, sleep } from '#infra/lifecycle/index.ts'
import type { Bus, BusConsumer, RecordBatch } from '#infra/kafka/index.ts'
import type { Logger } from '#infra/logger/index.ts'

/** This gateway's slot: leased in etcd, its topic read from the end. A lost lease is taken anew, perhaps of another slot. */
export interface SlotHolder extends AsyncDisposable {
  /** The newest; after a loss, until there is a new one, still the old. */
  readonly place: Place
  /** False while the lease is lost. */
  readonly isHeld: boolean
  /** False while the consumer is out of its group. */
  readonly isReading: boolean
  /** Whether this process had the slot that it has now under this epoch too. */
  isOwnEpoch(epoch: number): boolean
}

export interface SlotHolderOptions {
  readonly etcd: Etcd
  readonly bus: Pick<Bus, 'consumer'>
  readonly slots: number
  readonly instance: string
  readonly address: string
  readonly onRecords: (batch: RecordBatch) => void
  /** Slot or epoch are new, and its topic is being read: routes must be written, clients must sync. */
  readonly onMoved: () => void
  /** The consumer started anew by itself: records may have been missed. */
  readonly onRejoined: () => void
  /** Only a new process helps. */
  readonly onCrash: (error: AppError) => void
  readonly log: Logger
}

interface Hold {
  readonly lease: SlotLease
  readonly consumer: BusConsumer
}

/** Resolves when the slot is held and what is produced to its topic from now on will be handed over. */
export async function holdSlot(options: SlotHolderOptions, signal: AbortSignal): Promise<SlotHolder> {
  const { log } = options
  const closing = new AbortController()
  const stopping = AbortSignal.any([signal, closing.signal])
  let hold = await take()
  let epochs = new Set([hold.lease.epoch])
  const loop = keep()

  async function take(preferred?: number): Promise<Hold> {
    const lease = await leaseSlot({ ...options, signal: stopping, ...(preferred === undefined ? {} : { preferred }) })
    try {
      return { lease, consumer: await readFromEnd(options, lease, stopping) }
    } catch (error) {
      await lease[Symbol.asyncDispose]()
      throw error
    }
  }

  async function keep(): Promise<void> {
    const delays = backoff({ minMs: 100, maxMs: 5000 })
    while (await isLost(hold.lease)) {
      log.warn({ slot: hold.lease.slot, epoch: hold.lease.epoch }, 'the slot was lost: leasing anew')
      try {
        await move(await take(hold.lease.slot))
      } catch (error) {
        if (stopping.aborted) return
        log.error({ err: error }, 'no new slot yet')
        await sleep(delays.next().value, stopping).catch(() => undefined)
      }
    }
  }

  /** The new topic is read before the old one is left, so that nothing falls between them. */
  async function move(next: Hold): Promise<void> {
    const { lease, consumer } = hold
    hold = next
    epochs = lease.slot === next.lease.slot ? epochs.add(next.lease.epoch) : new Set([next.lease.epoch])
    options.onMoved()
    await consumer.stop()
  }

  /** Waits for the loss; false when the end comes first. */
  async function isLost({ lost }: SlotLease): Promise<boolean> {
    const either = AbortSignal.any([lost, stopping])
    if (!either.aborted) await once(either, 'abort')
    return !stopping.aborted
  }

  return {
    get place() {
      return hold.lease
    },
    get isHeld() {
      return !hold.lease.lost.aborted
    },
    get isReading() {
      return hold.consumer.health().isJoined
    },
    isOwnEpoch: (epoch) => epochs.has(epoch),
    async [Symbol.asyncDispose]() {
      closing.abort()
      await loop
      await hold.lease[Symbol.asyncDispose]()
      await hold.consumer.stop()
    },
  }
}

/** A group for each epoch: it has no past, so it starts at the end. */
async function readFromEnd(options: SlotHolderOptions, lease: SlotLease, signal: AbortSignal): Promise<BusConsumer> {
  const { bus, onRecords, onRejoined, onCrash, log } = options
  const { slot, epoch } = lease
  const consumer = await bus.consumer()
  const stop = () => void consumer.stop()
  signal.addEventListener('abort', stop)
  try {
    await consumer.run({
      groupId: `gochat.gateway.${slot}.${epoch}`,
      topics: [downstreamTopic(slot)],
      startAt: 'end',
      onRecords,
      onAssigned: (_assigned, generation) => log.debug({ slot, epoch, generation }, 'reading the downstream topic'),
      onRejoined,
      onCrash,
    })
    signal.throwIfAborted()
    return consumer
  } catch (error) {
    await consumer.stop()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
