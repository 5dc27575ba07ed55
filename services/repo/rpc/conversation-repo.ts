import { AppError } from '#infra/errors/index.ts'
import type { Handlers } from '#infra/rpc/index.ts'
import { limits } from '#proto/frames/limits.ts'
import type {
  ConversationRepo,
  LoadJoinRequestsRequest,
  LoadStatesRequest,
} from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { createDirect } from '../queries/create-direct.ts'
import { loadJoinRequests, type JoinRequestWish } from '../queries/join-requests.ts'
import { listConversations } from '../queries/list-conversations.ts'
import { listHeads } from '../queries/list-heads.ts'
import { loadStates, type StateWish } from '../queries/load-states.ts'
import type { RepoDeps } from '../repo.ts'
import { clientIdOf, idOf, idOrStart, idsOf, invalid, limitOf } from './input.ts'
import { readMemberships } from './membership.ts'

export function conversationRepo({ mysql, cache, newId }: RepoDeps): Handlers<typeof ConversationRepo> {
  return {
    async createDirect(request) {
      const creatorId = idOf(request.creatorId, 'creator_id')
      const peerId = idOf(request.peerId, 'peer_id')
      const commandId = clientIdOf(request.commandId, 'command_id')
      if (creatorId === peerId) throw invalid('peer_id', 'is the creator')
      const { conversation, isCreated } = await createDirect(mysql, { newId, creatorId, peerId, commandId })
      return { conversation, created: isCreated }
    },

    async loadStates(request) {
      return { states: await loadStates(mysql.db, wishesOf(request)) }
    },

    async loadJoinRequests(request) {
      return loadJoinRequests(mysql.db, requestWishesOf(request))
    },

    async getMembership(request) {
      const userId = idOf(request.userId, 'user_id')
      const conversationId = idOf(request.conversationId, 'conversation_id')
      const [membership] = await readMemberships({ mysql, cache }, [{ userId, conversationId }])
      if (membership === undefined) throw new AppError('CONVERSATION_NOT_FOUND')
      return membership
    },

    async listConversations(request) {
      const userId = idOf(request.userId, 'user_id')
      const limit = limitOf(request.limit, maxConversationsPage)
      return listConversations(mysql.db, userId, { limit, cursor: request.cursor })
    },

    async listHeads(request) {
      return listHeads(mysql.db, idOf(request.userId, 'user_id'), {
        namedIds: idsOf(request.namedIds, 'named_ids', limits.maxNamesInSync),
        limit: limitOf(request.limit, limits.maxHeadsPage),
        afterId: idOrStart(request.afterId, 'after_id'),
      })
    },
  }
}

function requestWishesOf({ wishes }: LoadJoinRequestsRequest): readonly JoinRequestWish[] {
  if (wishes.length > maxStates) throw invalid('wishes', `has more than ${maxStates}`)
  return wishes.map(({ conversationId, userIds }) => ({
    conversationId: idOf(conversationId, 'conversation_id'),
    userIds: idsOf(userIds, 'user_ids', maxStates),
  }))
}

function wishesOf({ wishes }: LoadStatesRequest): readonly StateWish[] {
  if (wishes.length > maxStates) throw invalid('wishes', `has more than ${maxStates}`)
  if (new Set(wishes.map(({ conversationId }) => conversationId)).size < wishes.length) {
    throw invalid('wishes', 'names a conversation twice')
  }
  let named = 0
  for (const { userIds } of wishes) named += userIds.length
  if (named > maxNamedUsers) throw invalid('user_ids', `has more than ${maxNamedUsers} in all`)
  return wishes.map(({ conversationId, userIds, isWhole }) => ({
    conversationId: idOf(conversationId, 'conversation_id'),
    userIds: idsOf(userIds, 'user_ids', maxNamedUsers),
    isWhole,
  }))
}

const maxStates = 1_000
/** By all wishes together: twice what the largest batch of a logic process names. */
const maxNamedUsers = 100_000
/** Each with an entry of up to 64 KiB. */
const maxConversationsPage = 100
