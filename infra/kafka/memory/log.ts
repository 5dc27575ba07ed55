import { AppError } from '../../errors/index.ts'
import type { ConsumedRecord, EnsuredTopics, ProducedRecord, TopicPartitionOffset, TopicSpec } from '../bus.ts'
import { compareTopic } from '../topics.ts'

/** Topics whose records live in arrays: the index is the offset. */
export interface MemoryLog {
  ensure(specs: readonly TopicSpec[]): EnsuredTopics
  topics(): string[]
  /** @throws AppError UNAVAILABLE when there is no such topic. */
  partitionsOf(topic: string): ConsumedRecord[][]
  /** All or nothing. */
  append(records: readonly ProducedRecord[]): TopicPartitionOffset[]
  onAppend(listener: () => void): () => void
}

export function createMemoryLog(now: () => number = Date.now): MemoryLog {
  const topics = new Map<string, { spec: TopicSpec; partitions: ConsumedRecord[][] }>()
  const listeners = new Set<() => void>()

  function partitionsOf(topic: string): ConsumedRecord[][] {
    const found = topics.get(topic)
    if (found === undefined) throw new AppError('UNAVAILABLE', { message: `Topic ${topic} does not exist.` })
    return found.partitions
  }

  function logOf({ topic, partition }: ProducedRecord): ConsumedRecord[] {
    const log = partitionsOf(topic)[partition]
    if (log === undefined) throw new AppError('UNAVAILABLE', { message: `${topic} has no partition ${partition}.` })
    return log
  }

  return {
    partitionsOf,
    topics: () => [...topics.keys()],
    ensure(specs) {
      const missing = specs.filter(({ topic }) => !topics.has(topic))
      for (const spec of missing) {
        topics.set(spec.topic, { spec, partitions: Array.from({ length: spec.partitions }, () => []) })
      }
      const drift = specs.flatMap((spec) => {
        const { spec: made } = topics.get(spec.topic) ?? { spec }
        return compareTopic(spec, { ...made, configs: new Map(Object.entries(made.configs)) })
      })
      return { created: missing.map(({ topic }) => topic), drift }
    },
    append(records) {
      const logs = records.map(logOf)
      const first = new Map<ConsumedRecord[], TopicPartitionOffset>()
      for (const [index, { topic, partition, key, value, headers = {} }] of records.entries()) {
        const log = logs[index] as ConsumedRecord[]
        const offset = log.length
        if (!first.has(log)) first.set(log, { topic, partition, offset })
        const buffers = Object.entries(headers).map(([name, item]) => [name, Buffer.from(item as Buffer)] as const)
        log.push({ offset, key, value, timestampMs: now(), headers: Object.fromEntries(buffers) })
      }
      for (const listener of listeners) listener()
      return [...first.values()]
    },
    onAppend(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
