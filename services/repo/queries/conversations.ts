import type { Kysely, Selectable } from 'kysely'
import type { ConversationKind, JoinMode } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Database } from '../database.ts'

/** What the cache and gochat.conversation.v1.Conversation hold. */
export interface ConversationRecord {
  readonly id: string
  readonly kind: ConversationKind
  readonly name: string
  readonly lastSeq: number
  readonly memberCount: number
  readonly createdAtMs: number
  readonly joinMode: JoinMode
  readonly isMutedAll: boolean
  /** 0: it is not dissolved. */
  readonly dissolvedSeq: number
  /** Not in lists. */
  readonly announcement?: string
}

type Row = Selectable<Database['conversations']>

export const conversationColumns = [
  'id',
  'kind',
  'name',
  'last_seq',
  'member_count',
  'created_at',
  'join_mode',
  'is_muted_all',
  'dissolved_seq',
] as const

export function toConversation(row: Pick<Row, (typeof conversationColumns)[number]>): ConversationRecord {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    lastSeq: row.last_seq,
    memberCount: row.member_count,
    createdAtMs: row.created_at.getTime(),
    joinMode: row.join_mode,
    isMutedAll: row.is_muted_all === 1,
    dissolvedSeq: row.dissolved_seq,
  }
}

export async function findConversation(db: Kysely<Database>, id: string): Promise<ConversationRecord | undefined> {
  const row = await db
    .selectFrom('conversations')
    .select([...conversationColumns, 'announcement'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row && { ...toConversation(row), announcement: row.announcement }
}

/** A creation as it was asked for, found by its command. */
export function findByCommand(db: Kysely<Database>, creatorId: string, commandId: string) {
  return db
    .selectFrom('conversations')
    .select([...conversationColumns, 'content_hash'])
    .where('creator_id', '=', creatorId)
    .where('command_id', '=', commandId)
    .executeTakeFirst()
}
