import { AppError } from '#infra/errors/index.ts'
import type { Client, Handlers } from '#infra/rpc/index.ts'
import { limits } from '#proto/frames/index.ts'
import type { GroupRepo } from '#proto/gen/gochat/conversation/v1/group_repo_pb.ts'
import type { GroupService } from '#proto/gen/gochat/conversation/v1/group_service_pb.ts'
import { ConversationKind } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Action } from '../authorize.ts'
import type { Announce } from './announce.ts'
import { pageSize, requireClientId, requireId, requireName } from './arguments.ts'
import { requireMembership, type Membership, type MembershipReader } from './membership.ts'

export interface GroupDeps {
  readonly groups: Pick<Client<typeof GroupRepo>, 'createGroup' | 'listMembers' | 'listJoinRequests'>
  readonly conversations: MembershipReader
  readonly announce: Announce
}

export function createGroupService({ groups, conversations, announce }: GroupDeps): Handlers<typeof GroupService> {
  return {
    async openGroup({ actorId, commandId, name, memberIds }) {
      requireClientId('commandId', commandId)
      requireName('name', name)
      for (const memberId of memberIds) requireId('memberIds', memberId)
      if (memberIds.length > limits.maxMembersPerCommand) {
        throw new AppError('LIMIT_EXCEEDED', { details: { field: 'memberIds', max: limits.maxMembersPerCommand } })
      }
      const others = [...new Set(memberIds)].filter((memberId) => memberId !== actorId)
      const request = { creatorId: actorId, commandId, name, memberIds: others }
      const { conversation, created } = await groups.createGroup(request)
      if (conversation === undefined) throw new AppError('INTERNAL')
      await announce(conversation, actorId)
      return { conversation, created }
    },

    async getGroup({ actorId, conversationId }) {
      return await requireGroup(actorId, conversationId, 'seeDetails')
    },

    async getMembers({ actorId, conversationId, limit, afterUserId }) {
      await requireGroup(actorId, conversationId, 'seeDetails')
      if (afterUserId !== '') requireId('afterUserId', afterUserId)
      const page = { conversationId, limit: pageSize(limit, maxPage), afterUserId }
      const { members, hasMore } = await groups.listMembers(page)
      return { members, hasMore }
    },

    async getJoinRequests({ actorId, conversationId, limit, afterUserId }) {
      await requireGroup(actorId, conversationId, 'seeRequests')
      if (afterUserId !== '') requireId('afterUserId', afterUserId)
      const page = { conversationId, limit: pageSize(limit, maxPage), afterUserId }
      const { requests, hasMore } = await groups.listJoinRequests(page)
      return { requests, hasMore }
    },
  }

  /** For REST a direct conversation is no group, whoever asks. */
  async function requireGroup(actorId: string, conversationId: string, action: Action): Promise<Membership> {
    const membership = await requireMembership(conversations, actorId, conversationId, action)
    if (membership.conversation.kind !== ConversationKind.GROUP) throw new AppError('CONVERSATION_NOT_FOUND')
    return membership
  }
}

const maxPage = 500
