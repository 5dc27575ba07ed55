import type { CommitSource } from '#infra/kafka/index.ts'
import type { Batch } from './take.ts'

/** Which offsets may be committed to Kafka: those behind finished dispatches of the assignment that still holds. */
export interface CommitLedger extends CommitSource {
  /** A new assignment: what is dispatched under an older one is not ours to commit any more. */
  reset(generation: number): void
  finished(batch: Pick<Batch, 'records'>, generation: number): void
}

export function createCommitLedger(topic: string): CommitLedger {
  let generation = 0
  let dirty = new Map<number, number>()
  return {
    get generation() {
      return generation
    },
    reset(next) {
      generation = next
      dirty = new Map()
    },
    finished({ records }, of) {
      if (of !== generation) return
      for (const { partition, offset } of records) dirty.set(partition, offset + 1)
    },
    take() {
      const offsets = [...dirty].map(([partition, offset]) => ({ topic, partition, offset }))
      dirty = new Map()
      return offsets
    },
    putBack(offsets, of) {
      if (of !== generation) return
      for (const { partition, offset } of offsets) if (!dirty.has(partition)) dirty.set(partition, offset)
    },
  }
}
