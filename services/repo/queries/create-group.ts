import type { Transaction } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import { isDuplicateKey, type Mysql } from '#infra/mysql/index.ts'
import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { compareIds } from '../append/literals.ts'
import type { Database } from '../database.ts'
import { findByCommand, toConversation, type ConversationRecord } from './conversations.ts'
import { hashOfCreation, insertConversation } from './create-conversation.ts'
import { requireUsers } from './users.ts'

export interface GroupWish {
  readonly newId: () => string
  readonly creatorId: string
  readonly commandId: string
  readonly name: string
  /** Without the creator, each once. */
  readonly memberIds: readonly string[]
}

/**
 * Idempotent by the creator's command id.
 * @throws USER_NOT_FOUND naming the unknown, IDEMPOTENCY_CONFLICT
 */
export async function createGroup(
  mysql: Mysql<Database>,
  wish: GroupWish,
): Promise<{ conversation: ConversationRecord; isCreated: boolean }> {
  const { creatorId, commandId, name, memberIds } = wish
  const contentHash = hashOfCreation(['group', name, ...memberIds.toSorted(compareIds)])
  const before = await findExisting()
  if (before !== undefined) return { conversation: before, isCreated: false }
  try {
    return { conversation: await mysql.transaction(create), isCreated: true }
  } catch (error) {
    const existing = isDuplicateKey(error) ? await findExisting() : undefined
    if (existing === undefined) throw error
    return { conversation: existing, isCreated: false }
  }

  async function findExisting(): Promise<ConversationRecord | undefined> {
    const row = await findByCommand(mysql.db, creatorId, commandId)
    if (row !== undefined && !row.content_hash.equals(contentHash)) {
      throw new AppError('IDEMPOTENCY_CONFLICT', { details: { commandId } })
    }
    return row && toConversation(row)
  }

  async function create(tx: Transaction<Database>): Promise<ConversationRecord> {
    await requireUsers(tx, [creatorId, ...memberIds])
    return insertConversation(tx, {
      id: wish.newId(),
      name,
      creatorId,
      commandId,
      contentHash,
      members: [{ userId: creatorId, role: Role.OWNER }, ...memberIds.map((userId) => ({ userId, role: Role.MEMBER }))],
      createdAtMs: Date.now(),
    })
  }
}
