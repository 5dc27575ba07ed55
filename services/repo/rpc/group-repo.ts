import type { Handlers } from '#infra/rpc/index.ts'
import { limits } from '#proto/frames/limits.ts'
import type { GroupRepo } from '#proto/gen/gochat/conversation/v1/group_repo_pb.ts'
import { createGroup } from '../queries/create-group.ts'
import { listJoinRequests } from '../queries/join-requests.ts'
import { listMembers } from '../queries/members.ts'
import type { RepoDeps } from '../repo.ts'
import { clientIdOf, idOf, idOrStart, idsOf, invalid, limitOf, textOf } from './input.ts'

export function groupRepo({ mysql, newId }: RepoDeps): Handlers<typeof GroupRepo> {
  return {
    async createGroup(request) {
      const creatorId = idOf(request.creatorId, 'creator_id')
      const commandId = clientIdOf(request.commandId, 'command_id')
      const name = textOf(request.name, 'name', limits.maxNameLength)
      const memberIds = idsOf(request.memberIds, 'member_ids', maxFirstMembers)
      if (memberIds.includes(creatorId)) throw invalid('member_ids', 'names the creator')
      const { conversation, isCreated } = await createGroup(mysql, { newId, creatorId, commandId, name, memberIds })
      return { conversation, created: isCreated }
    },

    async listMembers(request) {
      return listMembers(mysql.db, idOf(request.conversationId, 'conversation_id'), {
        limit: limitOf(request.limit, maxMembersPage),
        afterUserId: idOrStart(request.afterUserId, 'after_user_id'),
      })
    },

    async listJoinRequests(request) {
      return listJoinRequests(mysql.db, idOf(request.conversationId, 'conversation_id'), {
        limit: limitOf(request.limit, maxMembersPage),
        afterUserId: idOrStart(request.afterUserId, 'after_user_id'),
      })
    },
  }
}

/** They are named in the first entry, whose body has 64 KiB; callers set a lower limit for their users. */
const maxFirstMembers = 1_000
const maxMembersPage = 1_000
