import type { CommitSource, TopicPartitionOffset } from '#infra/kafka/index.ts'

/** A record until all its tasks are done. */
export interface Ticket {
  readonly partition: number
  readonly offset: number
  readonly generation: number
}

/** Which offsets may be committed: those behind which nothing is open, of the assignment that still holds. */
export interface CommitLedger extends CommitSource {
  /** A new assignment: what is open under an older one is read again, by us or by somebody else. */
  reset(generation: number): void
  /** A record, in the order of its partition. Without tasks it is done already. */
  open(partition: number, offset: number, tasks: number): Ticket
  /** One of its tasks is done. */
  done(ticket: Ticket): void
  isCurrent(ticket: Ticket): boolean
  /** Records that are open. */
  readonly waiting: number
}

export function createCommitLedger(topic: string): CommitLedger {
  let generation = 0
  let partitions = new Map<number, Progress>()
  /** By record, how many of its tasks are open. */
  let openTasks = new Map<Ticket, number>()
  return {
    get generation() {
      return generation
    },
    get waiting() {
      return openTasks.size
    },
    reset(next) {
      generation = next
      partitions = new Map()
      openTasks = new Map()
    },
    open(partition, offset, tasks) {
      const progress = partitions.get(partition) ?? { open: new Set(), nextOffset: offset, takenOffset: offset }
      partitions.set(partition, progress)
      progress.nextOffset = offset + 1
      const ticket = { partition, offset, generation }
      if (tasks === 0) return ticket
      progress.open.add(ticket)
      openTasks.set(ticket, tasks)
      return ticket
    },
    done(ticket) {
      const left = openTasks.get(ticket)
      if (left === undefined) return
      if (left > 1) return void openTasks.set(ticket, left - 1)
      openTasks.delete(ticket)
      partitions.get(ticket.partition)?.open.delete(ticket)
    },
    isCurrent: (ticket) => ticket.generation === generation,
    take() {
      const offsets: TopicPartitionOffset[] = []
      for (const [partition, progress] of partitions) {
        const [first] = progress.open
        const offset = first?.offset ?? progress.nextOffset
        if (offset <= progress.takenOffset) continue
        progress.takenOffset = offset
        offsets.push({ topic, partition, offset })
      }
      return offsets
    },
    putBack(offsets, of) {
      if (of !== generation) return
      for (const { partition, offset } of offsets) {
        const progress = partitions.get(partition)
        if (progress !== undefined) progress.takenOffset = offset - 1
      }
    },
  }
}

interface Progress {
  /** In the order of their offsets. */
  readonly open: Set<Ticket>
  nextOffset: number
  /** Asked for already. */
  takenOffset: number
}
