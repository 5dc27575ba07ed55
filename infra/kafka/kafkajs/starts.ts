import { keyOf, type Held } from '../assignment.ts'
import type { ConsumerRun, TopicPartitionOffset } from '../bus.ts'
import type { KafkajsAdmin } from './admin.ts'

export interface Start extends TopicPartitionOffset {
  readonly highWatermark: number
  /** kafkajs, left alone, would start elsewhere. */
  readonly needsSeek: boolean
}

/**
 * Where each partition starts in this generation. Asked of the broker here although kafkajs asks too: only with the
 * position known can a batch fetched under an older generation be told apart (see intake.ts).
 */
export async function findStarts(
  held: readonly Held[],
  run: Pick<ConsumerRun, 'groupId' | 'topics' | 'startAt'>,
  remembered: ReadonlyMap<string, number>,
  admin: Pick<KafkajsAdmin, 'committed' | 'watermarks'>,
): Promise<Start[]> {
  const topics = [...new Set(held.map(({ topic }) => topic))]
  // In this order: without a topic asked for by name, kafkajs's admin asks for all of the cluster's (see admin.ts).
  const watermarks = await Promise.all(topics.map((topic) => admin.watermarks(topic)))
  const committed = await admin.committed(run.groupId, topics)
  const commits = new Map(committed.map(({ topic, partition, offset }) => [keyOf(topic, partition), offset]))

  return held.map(({ topic, partition }) => {
    const marks = watermarks[topics.indexOf(topic)]?.find((one) => one.partition === partition)
    const { low, high } = marks ?? { low: 0, high: 0 }
    const commit = commits.get(keyOf(topic, partition))
    const wanted = run.startAt === 'end' ? (remembered.get(keyOf(topic, partition)) ?? commit ?? high) : (commit ?? low)
    // Beyond the log: it was cut, or made anew.
    const offset = wanted < low || wanted > high ? low : wanted
    return {
      topic,
      partition,
      offset,
      highWatermark: high,
      needsSeek: run.startAt === 'end' || offset !== (commit ?? low),
    }
  })
}
