import type { PartitionClaim } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'

/** A partition that this process may write, as far as it knows. */
export interface Owned {
  readonly partition: number
  readonly epoch: number
  /** The offset to apply next. Below it: a replay. */
  nextOffset: number
  /** A record above nextOffset was seen, and nextOffset asked for again. */
  hasSoughtBack: boolean
}

/** Who owns what under which epoch: known exactly from the claim on, until the database says otherwise. */
export interface Ownership {
  readonly owned: readonly number[]
  /** Assigned, and fenced or not claimed yet. */
  readonly lost: readonly number[]
  get(partition: number): Owned | undefined
  /** The partitions of a new assignment; none is owned before it is claimed. */
  assign(partitions: readonly number[]): void
  claim(claim: PartitionClaim): void
  /** Another process claimed it: nothing of it may be written before the next claim. */
  lose(partition: number): void
}

export function createOwnership(): Ownership {
  const owned = new Map<number, Owned>()
  let assigned: readonly number[] = []
  return {
    get owned() {
      return [...owned.keys()]
    },
    get lost() {
      return assigned.filter((partition) => !owned.has(partition))
    },
    get: (partition) => owned.get(partition),
    assign(partitions) {
      owned.clear()
      assigned = partitions
    },
    claim({ partition, epoch, nextOffset }) {
      if (assigned.includes(partition)) owned.set(partition, { partition, epoch, nextOffset, hasSoughtBack: false })
    },
    lose: (partition) => void owned.delete(partition),
  }
}
