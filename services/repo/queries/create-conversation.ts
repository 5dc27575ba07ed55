import { createHash } from 'node:crypto'
import type { Transaction } from 'kysely'
import { ConversationKind, JoinMode, type Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Database } from '../database.ts'
import { toConversation, type ConversationRecord } from './conversations.ts'

export interface NewConversation {
  readonly id: string
  readonly name: string
  readonly creatorId: string
  readonly commandId: string
  readonly contentHash: Buffer
  /** Both users, the lower id first: makes it a direct conversation. */
  readonly pair?: readonly [string, string]
  readonly members: readonly { readonly userId: string; readonly role: Role }[]
  readonly createdAtMs: number
}

/** The conversation, its members, and seq 1 of its log: who made it, and who is in it. */
export async function insertConversation(
  tx: Transaction<Database>,
  made: NewConversation,
): Promise<ConversationRecord> {
  const created_at = new Date(made.createdAtMs)
  const userIds = made.members.map(({ userId }) => userId)
  const row = {
    id: made.id,
    kind: made.pair === undefined ? ConversationKind.GROUP : ConversationKind.DIRECT,
    name: made.name,
    last_seq: 1,
    member_count: made.members.length,
    created_at,
    join_mode: JoinMode.INVITE,
    is_muted_all: 0,
    dissolved_seq: 0,
  }
  await tx
    .insertInto('conversations')
    .values({
      ...row,
      creator_id: made.creatorId,
      command_id: made.commandId,
      content_hash: made.contentHash,
      low_user_id: made.pair?.[0] ?? null,
      high_user_id: made.pair?.[1] ?? null,
      last_ordinal: 0,
      last_entry_at: created_at,
      member_version: 1,
    })
    .execute()
  await tx
    .insertInto('members')
    .values(
      made.members.map(({ userId, role }) => ({
        conversation_id: made.id,
        user_id: userId,
        role,
        join_seq: 0,
        read_seq: 0,
        read_ordinal: 0,
      })),
    )
    .execute()
  const body = made.pair === undefined ? { kind: 'group', name: made.name, userIds } : { kind: 'direct', userIds }
  await tx
    .insertInto('messages')
    .values({
      conversation_id: made.id,
      seq: 1,
      ordinal: 0,
      type: 'created',
      sender_id: made.creatorId,
      client_message_id: null,
      content_hash: made.contentHash,
      body: Buffer.from(JSON.stringify(body)),
      created_at,
    })
    .execute()
  return toConversation(row)
}

/** 16 bytes that say what a creation asked for. */
export function hashOfCreation(content: readonly unknown[]): Buffer {
  return createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, 16)
}
