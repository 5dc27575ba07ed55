import { sql, type Kysely } from 'kysely'
import { compareIds } from '../append/literals.ts'
import type { Database } from '../database.ts'

export interface HeadRecord {
  readonly conversationId: string
  readonly lastSeq: number
  readonly joinSeq: number
  readonly leaveSeq: number
  readonly readSeq: number
  readonly unread: number
}

/** In the order of ids: the active conversations of a user, and of those it left the named ones. */
export async function listHeads(
  db: Kysely<Database>,
  userId: string,
  page: { readonly namedIds: readonly string[]; readonly limit: number; readonly afterId: string },
): Promise<{ heads: HeadRecord[]; hasMore: boolean }> {
  const [active, left] = await Promise.all([
    listActive(db, userId, page),
    page.namedIds.length === 0 ? [] : listLeft(db, userId, page),
  ])
  const heads = [...active, ...left].sort((a, b) => compareIds(a.conversationId, b.conversationId))
  return { heads: heads.slice(0, page.limit), hasMore: heads.length > page.limit }
}

async function listActive(
  db: Kysely<Database>,
  userId: string,
  { limit, afterId }: { readonly limit: number; readonly afterId: string },
): Promise<HeadRecord[]> {
  const rows = await db
    .selectFrom('members as m')
    .innerJoin('conversations as k', 'k.id', 'm.conversation_id')
    .select(['m.conversation_id', 'k.last_seq', 'm.join_seq', 'm.leave_seq', 'm.read_seq'])
    .select(sql<number>`k.last_ordinal - m.read_ordinal`.as('unread'))
    .where('m.user_id', '=', userId)
    .where('m.leave_seq', '=', 0)
    .where('k.dissolved_seq', '=', 0)
    .where('m.conversation_id', '>', afterId)
    .orderBy('m.conversation_id')
    .limit(limit + 1)
    .execute()
  return rows.map(toHead)
}

/** As it was when the user left, or the group was dissolved: that is all it may see. */
async function listLeft(
  db: Kysely<Database>,
  userId: string,
  {
    namedIds,
    limit,
    afterId,
  }: { readonly namedIds: readonly string[]; readonly limit: number; readonly afterId: string },
): Promise<HeadRecord[]> {
  const leaveSeq = sql<number>`IF(m.leave_seq = 0, k.dissolved_seq, m.leave_seq)`
  const rows = await db
    .selectFrom('members as m')
    .innerJoin('conversations as k', 'k.id', 'm.conversation_id')
    .innerJoin('messages as x', (join) =>
      join.onRef('x.conversation_id', '=', 'm.conversation_id').on('x.seq', '=', leaveSeq),
    )
    .select(['m.conversation_id', 'x.seq as last_seq', 'm.join_seq', 'x.seq as leave_seq', 'm.read_seq'])
    .select(sql<number>`x.ordinal - m.read_ordinal`.as('unread'))
    .where('m.user_id', '=', userId)
    .where((eb) => eb.or([eb('m.leave_seq', '>', 0), eb('k.dissolved_seq', '>', 0)]))
    .where('m.conversation_id', 'in', namedIds)
    .where('m.conversation_id', '>', afterId)
    .orderBy('m.conversation_id')
    .limit(limit + 1)
    .execute()
  return rows.map(toHead)
}

interface HeadRow {
  conversation_id: string
  last_seq: number
  join_seq: number
  leave_seq: number
  read_seq: number
  unread: number
}

function toHead(row: HeadRow): HeadRecord {
  return {
    conversationId: row.conversation_id,
    lastSeq: row.last_seq,
    joinSeq: row.join_seq,
    leaveSeq: row.leave_seq,
    readSeq: row.read_seq,
    // An expression is a BIGINT, and that a string.
    unread: Number(row.unread),
  }
}
