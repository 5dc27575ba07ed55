import type { Metrics } from '#infra/metrics/index.ts'

/** Members who are away and want to be told of fromSeq < seq ≤ toSeq. */
export interface PushHandOver {
  readonly conversationId: string
  readonly fromSeq: number
  readonly toSeq: number
  readonly userIds: readonly string[]
}

/** Where members who are away are handed over to. The same hand-over may come again. */
export interface PushStage {
  /** @throws AppError */
  hand(handOver: PushHandOver): Promise<void>
}

/** Counts whom it is handed, until there are vendors to push through. */
export function createCountedPush(metrics: Metrics): PushStage {
  const handed = metrics.counter('gochat_push_handed_total', 'Members handed to the push stage.')
  return { hand: async ({ userIds }) => handed.inc(userIds.length) }
}
