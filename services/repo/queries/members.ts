import type { Kysely, Selectable } from 'kysely'
import type { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Database } from '../database.ts'

/** What the cache and gochat.conversation.v1.Member hold. */
export interface MemberRecord {
  readonly userId: string
  readonly role: Role
  readonly isActive: boolean
  readonly joinSeq: number
  readonly leaveSeq: number
  readonly readSeq: number
  readonly mutedUntilMs: number
}

type Row = Selectable<Database['members']>

export const memberColumns = ['user_id', 'role', 'join_seq', 'leave_seq', 'read_seq', 'muted_until'] as const

export function toMember(row: Pick<Row, (typeof memberColumns)[number]>): MemberRecord {
  return {
    userId: row.user_id,
    role: row.role,
    isActive: row.leave_seq === 0,
    joinSeq: row.join_seq,
    leaveSeq: row.leave_seq,
    readSeq: row.read_seq,
    mutedUntilMs: row.muted_until?.getTime() ?? 0,
  }
}

/** Former members too. */
export async function findMember(
  db: Kysely<Database>,
  conversationId: string,
  userId: string,
): Promise<MemberRecord | undefined> {
  const row = await db
    .selectFrom('members')
    .select(memberColumns)
    .where('conversation_id', '=', conversationId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row && toMember(row)
}

/** Active members in the order of their ids. */
export async function listMembers(
  db: Kysely<Database>,
  conversationId: string,
  { limit, afterUserId }: { readonly limit: number; readonly afterUserId: string },
): Promise<{ members: MemberRecord[]; hasMore: boolean }> {
  const rows = await db
    .selectFrom('members')
    .select(memberColumns)
    .where('conversation_id', '=', conversationId)
    .where('user_id', '>', afterUserId)
    .where('leave_seq', '=', 0)
    .orderBy('user_id')
    .limit(limit + 1)
    .execute()
  return { members: rows.slice(0, limit).map(toMember), hasMore: rows.length > limit }
}
