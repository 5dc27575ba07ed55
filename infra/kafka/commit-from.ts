import { toAppError } from '../errors/index.ts'
import type { BusConsumer, TopicPartitionOffset } from './bus.ts'

/** What may be committed, and under which assignment it was read. */
export interface CommitSource {
  readonly generation: number
  /** What changed since it was last asked for. */
  take(): TopicPartitionOffset[]
  /** The commit failed: ask for them again. */
  putBack(offsets: readonly TopicPartitionOffset[], generation: number): void
}

/** Commits what the source has to commit. @throws AppError what the commit failed with; the offsets are put back. */
export async function commitFrom(source: CommitSource, consumer: Pick<BusConsumer, 'commit'>): Promise<void> {
  const { generation } = source
  const offsets = source.take()
  if (offsets.length === 0) return
  try {
    await consumer.commit(offsets)
  } catch (thrown) {
    const error = toAppError(thrown)
    // Another generation has begun: it reads them again, and doing them twice changes nothing.
    if (error.code === 'FENCED') return
    source.putBack(offsets, generation)
    throw error
  }
}
