import type { Transaction } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import { isDuplicateKey, type Mysql } from '#infra/mysql/index.ts'
import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { compareIds } from '../append/literals.ts'
import type { Database } from '../database.ts'
import { conversationColumns, findByCommand, toConversation, type ConversationRecord } from './conversations.ts'
import { hashOfCreation, insertConversation } from './create-conversation.ts'
import { requireUsers } from './users.ts'

export interface DirectWish {
  readonly newId: () => string
  readonly creatorId: string
  readonly peerId: string
  readonly commandId: string
}

/**
 * The conversation of a pair; made when there is none.
 * @throws USER_NOT_FOUND, IDEMPOTENCY_CONFLICT
 */
export async function createDirect(
  mysql: Mysql<Database>,
  wish: DirectWish,
): Promise<{ conversation: ConversationRecord; isCreated: boolean }> {
  const { creatorId, peerId, commandId } = wish
  const pair = [creatorId, peerId].sort(compareIds) as [string, string]
  const contentHash = hashOfCreation(['direct', ...pair])
  const before = await findExisting()
  if (before !== undefined) return { conversation: before, isCreated: false }
  try {
    return { conversation: await mysql.transaction(create), isCreated: true }
  } catch (error) {
    // Both opened it at once, or the answer of the first attempt got lost.
    const existing = isDuplicateKey(error) ? await findExisting() : undefined
    if (existing === undefined) throw error
    return { conversation: existing, isCreated: false }
  }

  async function findExisting(): Promise<ConversationRecord | undefined> {
    const byCommand = await findByCommand(mysql.db, creatorId, commandId)
    if (byCommand !== undefined && !byCommand.content_hash.equals(contentHash)) {
      throw new AppError('IDEMPOTENCY_CONFLICT', { details: { commandId } })
    }
    if (byCommand !== undefined) return toConversation(byCommand)
    const row = await mysql.db
      .selectFrom('conversations')
      .select(conversationColumns)
      .where('low_user_id', '=', pair[0])
      .where('high_user_id', '=', pair[1])
      .executeTakeFirst()
    return row && toConversation(row)
  }

  async function create(tx: Transaction<Database>): Promise<ConversationRecord> {
    await requireUsers(tx, pair)
    return insertConversation(tx, {
      id: wish.newId(),
      name: '',
      creatorId,
      commandId,
      contentHash,
      pair,
      members: [creatorId, peerId].map((userId) => ({ userId, role: Role.MEMBER })),
      createdAtMs: Date.now(),
    })
  }
}
