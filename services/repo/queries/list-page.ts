import type { Kysely } from 'kysely'
import type { Database } from '../database.ts'

/** gochat.task.v1.PageMember */
export interface PageMemberRecord {
  readonly userId: string
  readonly isQuiet: boolean
}

export interface PageWish {
  readonly fromSeq: number
  readonly toSeq: number
  readonly afterUserId: string
  /** Empty: no bound. */
  readonly upToUserId: string
  readonly limit: number
}

/** Members that see anything of (fromSeq, toSeq], in the order of their ids: the primary key's. */
export async function listPage(
  db: Kysely<Database>,
  conversationId: string,
  { fromSeq, toSeq, afterUserId, upToUserId, limit }: PageWish,
): Promise<{ members: PageMemberRecord[]; hasMore: boolean }> {
  const rows = await db
    .selectFrom('members')
    .select(['user_id', 'notify'])
    .where('conversation_id', '=', conversationId)
    .where('user_id', '>', afterUserId)
    .$if(upToUserId !== '', (query) => query.where('user_id', '<=', upToUserId))
    .where('join_seq', '<', toSeq)
    .where((eb) =>
      eb.or([
        eb('leave_seq', '=', 0),
        // Who has come and gone between two entries has seen neither.
        eb.and([eb('leave_seq', '>', fromSeq), eb('leave_seq', '>', eb.ref('join_seq'))]),
      ]),
    )
    .orderBy('user_id')
    .limit(limit + 1)
    .execute()
  const members = rows
    .slice(0, limit)
    .map(({ user_id, notify }) => ({ userId: user_id, isQuiet: notify !== notifyAll }))
  return { members, hasMore: rows.length > limit }
}

const notifyAll = 1
