import { create } from '@bufbuild/protobuf'
import type { Watermarks } from '#infra/kafka/index.ts'
import { backoff, sleep } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import {
  PartitionBoundsSchema,
  type PartitionBounds,
  type PartitionClaim,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { RepoPort } from './repo-port.ts'

export interface ClaimDeps {
  readonly repo: Pick<RepoPort, 'claim'>
  watermarks(): Promise<readonly Watermarks[]>
  readonly log: Logger
  readonly signal: AbortSignal
  readonly minBackoffMs?: number
}

/**
 * Makes this process the owner of the partitions: whoever owned them can write nothing from now on. Waits as long as repo
 * or Kafka is away. Undefined when the assignment ended meanwhile; the claims that were made then harm nobody for long,
 * because the new owner claims after us, or again when it finds itself fenced.
 */
export async function claimPartitions(
  partitions: readonly number[],
  isCurrent: () => boolean,
  deps: ClaimDeps,
): Promise<readonly PartitionClaim[] | undefined> {
  const { repo, log, signal, minBackoffMs = 50 } = deps
  const shouldLog = createLogThrottle(10_000)
  if (partitions.length === 0) return []
  for (const delayMs of backoff({ minMs: minBackoffMs, maxMs: 2000 })) {
    if (!isCurrent()) return undefined
    try {
      const claims = await repo.claim(boundsOf(partitions, await deps.watermarks()))
      return isCurrent() ? claims : undefined
    } catch (error) {
      const passedOver = shouldLog()
      if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'partitions cannot be claimed: trying again')
    }
    await sleep(delayMs, signal)
  }
  throw new Error('unreachable: the backoff is endless')
}

function boundsOf(partitions: readonly number[], watermarks: readonly Watermarks[]): PartitionBounds[] {
  return watermarks
    .filter(({ partition }) => partitions.includes(partition))
    .map(({ partition, low, high }) => create(PartitionBoundsSchema, { partition, logStart: low, logEnd: high }))
}
