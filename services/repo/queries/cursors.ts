import { sql, type Kysely } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Database } from '../database.ts'

export const outcomeNames = ['live', 'repaired', 'pushed', 'muted', 'parked', 'skipped'] as const

/** gochat.task.v1.Outcomes */
export type OutcomeCounts = Readonly<Record<(typeof outcomeNames)[number], number>>

/** gochat.task.v1.Cursor */
export interface CursorRecord {
  readonly conversationId: string
  readonly epoch: number
  readonly settledSeq: number
  readonly roundSeq: number
  readonly afterUserId: string
  readonly round: OutcomeCounts
  readonly lastRound: OutcomeCounts
  readonly total: OutcomeCounts
  readonly rounds: number
  readonly headSeq: number
  readonly memberCount: number
  readonly memberVersion: number
}

export interface BehindRecord {
  readonly conversationId: string
  readonly settledSeq: number
  readonly headSeq: number
}

/** @throws CONVERSATION_NOT_FOUND when it was never large. */
export async function getCursor(db: Kysely<Database>, conversationId: string): Promise<CursorRecord> {
  const row = await db
    .selectFrom('fanout_cursors as f')
    .innerJoin('conversations as k', 'k.id', 'f.conversation_id')
    .selectAll('f')
    .select(['k.member_count', 'k.member_version', headSeq.as('head_seq')])
    .where('f.conversation_id', '=', conversationId)
    .executeTakeFirst()
  if (row === undefined) throw new AppError('CONVERSATION_NOT_FOUND')
  const counts = (of: 'round' | 'last' | 'total') =>
    Object.fromEntries(outcomeNames.map((name) => [name, Number(row[`${of}_${name}`])])) as OutcomeCounts
  return {
    conversationId,
    epoch: Number(row.epoch),
    settledSeq: row.settled_seq,
    roundSeq: row.round_seq,
    afterUserId: row.after_user_id === '0' ? '' : row.after_user_id,
    round: counts('round'),
    lastRound: counts('last'),
    total: counts('total'),
    rounds: row.rounds,
    headSeq: Number(row.head_seq),
    memberCount: row.member_count,
    memberVersion: row.member_version,
  }
}

/** In the order of ids. */
export async function listBehind(
  db: Kysely<Database>,
  { limit, afterId }: { readonly limit: number; readonly afterId: string },
): Promise<{ behind: BehindRecord[]; hasMore: boolean }> {
  const rows = await db
    .selectFrom('fanout_cursors as f')
    .innerJoin('conversations as k', 'k.id', 'f.conversation_id')
    .select(['f.conversation_id', 'f.settled_seq', headSeq.as('head_seq')])
    .where('f.conversation_id', '>', afterId)
    .where('f.settled_seq', '<', headSeq)
    .orderBy('f.conversation_id')
    .limit(limit + 1)
    .execute()
  const behind = rows.slice(0, limit).map((row) => ({
    conversationId: row.conversation_id,
    settledSeq: row.settled_seq,
    headSeq: Number(row.head_seq),
  }))
  return { behind, hasMore: rows.length > limit }
}

/** What is to be settled. It never goes back: what was the head a while ago may still be settled. */
const headSeq = sql<number>`IF(k.delivery_class = ${sql.lit(DeliveryClass.LARGE)}, k.last_seq, k.class_since_seq - 1)`
