import { AppError } from '#infra/errors/index.ts'
import type { Client, Handlers } from '#infra/rpc/index.ts'
import type { ConversationRepo } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { ConversationService } from '#proto/gen/gochat/conversation/v1/conversation_service_pb.ts'
import type { Announce } from './announce.ts'
import { pageSize, requireClientId, requireId } from './arguments.ts'

const maxPage = 100

export interface ConversationDeps {
  readonly conversations: Pick<Client<typeof ConversationRepo>, 'createDirect' | 'listConversations'>
  readonly announce: Announce
}

export function createConversationService(deps: ConversationDeps): Handlers<typeof ConversationService> {
  const { conversations, announce } = deps
  return {
    async openDirect({ actorId, peerId, commandId }) {
      requireId('userId', peerId)
      requireClientId('commandId', commandId)
      if (peerId === actorId) throw new AppError('INVALID_ARGUMENT', { details: { field: 'userId' } })
      const { conversation, created } = await conversations.createDirect({ creatorId: actorId, peerId, commandId })
      if (conversation === undefined) throw new AppError('INTERNAL')
      await announce(conversation, actorId)
      return { conversation, created }
    },
    async listMine({ actorId, limit, cursor }) {
      const page = { userId: actorId, limit: pageSize(limit, maxPage), cursor }
      const { conversations: mine, nextCursor } = await conversations.listConversations(page)
      return { conversations: mine, nextCursor }
    },
  }
}
