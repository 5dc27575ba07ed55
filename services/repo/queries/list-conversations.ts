import { sql, type Kysely } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import type { Database } from '../database.ts'
import { conversationColumns, toConversation, type ConversationRecord } from './conversations.ts'
import { toEntry, type EntryRecord } from './entries.ts'
import { toMember, type MemberRecord } from './members.ts'

export interface SummaryRecord {
  readonly conversation: ConversationRecord
  readonly member: MemberRecord
  readonly lastEntry: EntryRecord
  readonly unread: number
  /** Empty for groups. */
  readonly peerId: string
}

/** A user's active conversations, newest activity first. The cursor is where the last page ended: time and id. */
export async function listConversations(
  db: Kysely<Database>,
  userId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor: string },
): Promise<{ conversations: SummaryRecord[]; nextCursor: string }> {
  const after = cursor === '' ? undefined : parseCursor(cursor)
  const rows = await db
    .selectFrom('members as m')
    .innerJoin('conversations as k', 'k.id', 'm.conversation_id')
    .innerJoin('messages as x', (join) =>
      join.onRef('x.conversation_id', '=', 'k.id').onRef('x.seq', '=', 'k.last_seq'),
    )
    .select(['m.user_id', 'm.role', 'm.join_seq', 'm.leave_seq', 'm.read_seq', 'm.muted_until'])
    .select(conversationColumns.map((column) => `k.${column}` as const))
    .select(['k.low_user_id', 'k.high_user_id', 'k.last_entry_at'])
    .select(['x.type', 'x.sender_id', 'x.client_message_id', 'x.body', 'x.created_at as entry_created_at'])
    .select(sql<number>`k.last_ordinal - m.read_ordinal`.as('unread'))
    .where('m.user_id', '=', userId)
    .where('m.leave_seq', '=', 0)
    .where('k.dissolved_seq', '=', 0)
    .$if(after !== undefined, (query) =>
      query.where((eb) =>
        eb.or([
          eb('k.last_entry_at', '<', after!.time),
          eb.and([eb('k.last_entry_at', '=', after!.time), eb('k.id', '<', after!.id)]),
        ]),
      ),
    )
    .orderBy('k.last_entry_at', 'desc')
    .orderBy('k.id', 'desc')
    .limit(limit + 1)
    .execute()

  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    conversations: page.map((row) => ({
      conversation: toConversation(row),
      member: toMember(row),
      lastEntry: toEntry({ ...row, conversation_id: row.id, seq: row.last_seq, created_at: row.entry_created_at }),
      unread: Number(row.unread),
      peerId: (row.low_user_id === userId ? row.high_user_id : row.low_user_id) ?? '',
    })),
    nextCursor: last === undefined ? '' : `${last.last_entry_at.getTime()}-${last.id}`,
  }
}

function parseCursor(cursor: string): { time: Date; id: string } {
  const [, time, id] = /^(\d{1,15})-([1-9]\d{0,19})$/.exec(cursor) ?? []
  if (time === undefined || id === undefined) {
    throw new AppError('INVALID_ARGUMENT', { message: 'The cursor is not one of ours.', details: { field: 'cursor' } })
  }
  return { time: new Date(Number(time)), id }
}
