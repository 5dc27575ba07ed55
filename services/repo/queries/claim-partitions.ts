import { sql, type Transaction } from 'kysely'
import type { Database } from '../database.ts'

export interface Bounds {
  readonly partition: number
  readonly logStart: number
  readonly logEnd: number
}

export interface Claim {
  readonly partition: number
  readonly epoch: number
  readonly nextOffset: number
}

/**
 * Epoch + 1: from the COMMIT on, whoever held a partition before can write nothing. An append under way is waited for, so
 * `nextOffset` counts it in. Clamped, should the topic have been made anew.
 */
export async function claimPartitions(
  tx: Transaction<Database>,
  owner: string,
  bounds: readonly Bounds[],
): Promise<Claim[]> {
  // In the order in which appends lock them.
  for (const { partition, logStart, logEnd } of bounds.toSorted((a, b) => a.partition - b.partition)) {
    await sql`INSERT INTO upstream_owners (partition_id, owner, epoch, next_offset, claimed_at)
VALUES (${partition}, ${owner}, 1, ${logStart}, UTC_TIMESTAMP(3))
ON DUPLICATE KEY UPDATE owner = VALUES(owner), epoch = epoch + 1, claimed_at = VALUES(claimed_at),
  next_offset = LEAST(GREATEST(next_offset, ${logStart}), ${logEnd})`.execute(tx)
  }
  const rows = await tx
    .selectFrom('upstream_owners')
    .select(['partition_id', 'epoch', 'next_offset'])
    .where(
      'partition_id',
      'in',
      bounds.map(({ partition }) => partition),
    )
    .orderBy('partition_id')
    .execute()
  return rows.map((row) => ({
    partition: row.partition_id,
    epoch: Number(row.epoch),
    nextOffset: Number(row.next_offset),
  }))
}
