import type { Batch } from 'kafkajs'
import type { Held } from '../assignment.ts'
import type { RecordBatch } from '../bus.ts'

/** After so many batches in a row from elsewhere, elsewhere is where the log goes on. */
const maxMisses = 3

export type Verdict = 'take' | 'jump' | 'seek-back' | 'drop'

/**
 * Whether a fetched batch is the next one of its partition. Only a batch that starts exactly at the position is: one fetched
 * under an older generation or before a seek does not, and taking it would make kafkajs skip what lies between. When kafkajs
 * insists, its position was out of range (retention cut the log, or the topic was made anew) and was reset: `jump`.
 */
export function judge(held: Held, fetchedOffset: number): Verdict {
  if (held.position === undefined || held.isPaused) return 'drop'
  if (fetchedOffset !== held.position) {
    held.misses += 1
    if (held.misses <= maxMisses) return 'seek-back'
  }
  const isJump = held.misses > 0 && fetchedOffset !== held.position
  held.misses = 0
  return isJump ? 'jump' : 'take'
}

/** Where the fetch started that gave this batch. In kafkajs's code, not in its types. */
export function fetchedOffsetOf(batch: Batch): number {
  return Number((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset)
}

export function toRecordBatch(batch: Batch, generation: number): RecordBatch {
  return {
    topic: batch.topic,
    partition: batch.partition,
    highWatermark: Number(batch.highWatermark),
    generation,
    records: batch.messages.map(({ offset, key, value, timestamp, headers }) => ({
      offset: Number(offset),
      key: key ?? undefined,
      value: value ?? Buffer.alloc(0),
      timestampMs: Number(timestamp),
      headers: (headers ?? {}) as Record<string, Buffer>,
    })),
  }
}
