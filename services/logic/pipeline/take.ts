import type { QueuedRecord } from './item.ts'
import type { Ownership } from './ownership.ts'
import type { Queue } from './queue.ts'

/** Whole records that go into one transaction: all new, or all passed before. */
export interface Batch {
  readonly records: QueuedRecord[]
  readonly isReplay: boolean
  readonly advances: Map<number, Advance>
  commands: number
}

/** Where one partition stands before and after the batch; equal in a replay. */
export interface Advance {
  readonly partition: number
  readonly epoch: number
  readonly from: number
  to: number
}

export interface TakeOptions {
  /** Default 1000: the larger a transaction, the cheaper its messages; as it grows, so does what a failure makes wait. */
  readonly maxCommands?: number
  /** Below the 8 MiB of a gRPC message, with room for what grows on the way. Default 4 MiB. */
  readonly maxBytes?: number
  /** A record above the next offset came: what lies between must be read again. */
  onGap(partition: number, nextOffset: number): void
  /** It came again: there is nothing between. */
  onHole(partition: number, nextOffset: number, offset: number): void
}

/**
 * All that waits, up to the bounds. A replay is taken apart from new records, so that its outcome is known before anything
 * behind it in the same frame is evaluated.
 */
export function takeBatch(queue: Queue, ownership: Ownership, options: TakeOptions): Batch | undefined {
  const { maxCommands = 1_000, maxBytes = 4 * 1024 * 1024 } = options
  let batch: Batch | undefined
  let bytes = 0

  for (let record = queue.peek(); record !== undefined; record = queue.peek()) {
    const { partition, offset, items } = record
    const owned = ownership.get(partition)
    if (owned === undefined) {
      queue.dropPartition(partition)
      continue
    }
    const advance = batch?.advances.get(partition)
    const next = advance?.to ?? owned.nextOffset
    if (offset > next && !owned.hasSoughtBack) {
      owned.hasSoughtBack = true
      queue.dropPartition(partition)
      options.onGap(partition, next)
      continue
    }
    const isReplay = offset < next
    if (batch !== undefined) {
      if (batch.isReplay !== isReplay) break
      if (batch.commands + items.length > maxCommands || bytes + record.bytes > maxBytes) break
    }
    if (offset > next) options.onHole(partition, next, offset)
    if (!isReplay) owned.hasSoughtBack = false

    batch ??= { records: [], isReplay, advances: new Map(), commands: 0 }
    const to = isReplay ? next : offset + 1
    if (advance === undefined) batch.advances.set(partition, { partition, epoch: owned.epoch, from: next, to })
    else advance.to = to
    batch.records.push(record)
    batch.commands += items.length
    bytes += record.bytes
    queue.shift()
  }
  return batch
}

/** Without the records of these partitions: another process has them. */
export function withoutPartitions(batch: Batch, partitions: readonly number[]): Batch {
  const records = batch.records.filter((record) => !partitions.includes(record.partition))
  const advances = new Map([...batch.advances].filter(([partition]) => !partitions.includes(partition)))
  const commands = records.reduce((sum, record) => sum + record.items.length, 0)
  return { records, isReplay: batch.isReplay, advances, commands }
}
