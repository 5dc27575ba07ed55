import { AppError } from '../errors/index.ts'
import type { TopicPartitionOffset, TopicPartitions } from './bus.ts'

/** A partition that this consumer owns in the current generation. */
export interface Held {
  readonly topic: string
  readonly partition: number
  /** The offset to hand over next; undefined until the start is known. */
  position: number | undefined
  highWatermark: number
  isPaused: boolean
  /** Batches in a row that did not start at the position. */
  misses: number
}

/** Who owns what, and up to where it was handed over: the part of a consumer that needs no broker. */
export interface Assignment {
  /** Counts joins; 0 before the first. */
  readonly generation: number
  readonly isJoined: boolean
  join(assigned: readonly TopicPartitions[]): void
  leave(): void
  find(topic: string, partition: number): Held | undefined
  /** All of the current generation; those of one topic, or of it the named ones, where given. */
  held(topic?: string, partitions?: readonly number[]): Held[]
  /** Records known to be in the log and not handed over. */
  lag(topic?: string): number
  /** @throws AppError FENCED */
  assertCommittable(offsets: readonly TopicPartitionOffset[]): void
}

export function createAssignment(): Assignment {
  let generation = 0
  let isJoined = false
  let current = new Map<string, Held>()

  return {
    get generation() {
      return generation
    },
    get isJoined() {
      return isJoined
    },
    join(assigned) {
      generation += 1
      isJoined = true
      const all = assigned.flatMap(({ topic, partitions }) => partitions.map((partition) => hold(topic, partition)))
      current = new Map(all.map((held) => [keyOf(held.topic, held.partition), held]))
    },
    leave() {
      isJoined = false
      current = new Map()
    },
    find: (topic, partition) => current.get(keyOf(topic, partition)),
    held: (topic, partitions) =>
      [...current.values()].filter(
        (held) => (topic ?? held.topic) === held.topic && (partitions?.includes(held.partition) ?? true),
      ),
    lag(topic) {
      let records = 0
      for (const held of this.held(topic)) records += Math.max(0, held.highWatermark - (held.position ?? 0))
      return records
    },
    assertCommittable(offsets) {
      for (const { topic, partition, offset } of offsets) {
        const position = current.get(keyOf(topic, partition))?.position
        if (position === undefined) throw fenced(topic, partition, 'is not assigned')
        // An offset of an earlier generation: its records are being handed over again.
        if (offset > position) throw fenced(topic, partition, `was handed over only up to ${position}, not ${offset}`)
      }
    },
  }
}

export function listOf(held: readonly Held[]): TopicPartitions[] {
  const byTopic = Map.groupBy(held, ({ topic }) => topic)
  return [...byTopic].map(([topic, all]) => ({ topic, partitions: all.map(({ partition }) => partition) }))
}

export function keyOf(topic: string, partition: number): string {
  return `${topic}:${partition}`
}

export function fenced(topic: string, partition: number, why: string): AppError {
  return new AppError('FENCED', { message: `Partition ${partition} of ${topic} ${why}.` })
}

function hold(topic: string, partition: number): Held {
  return { topic, partition, position: undefined, highWatermark: 0, isPaused: false, misses: 0 }
}
