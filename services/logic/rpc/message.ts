import type { Client, Handlers } from '#infra/rpc/index.ts'
import { limits } from '#proto/frames/index.ts'
import type { ConversationRepo } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { pageSize, requireId } from './arguments.ts'
import { requireMembership } from './membership.ts'

const maxSeq = 4_294_967_295

export interface MessageDeps {
  readonly messages: Pick<Client<typeof MessageRepo>, 'listEntries'>
  readonly conversations: Pick<Client<typeof ConversationRepo>, 'getMembership' | 'listHeads'>
}

export function createMessageService({ messages, conversations }: MessageDeps): Handlers<typeof MessageService> {
  return {
    /** A member sees join_seq < seq ≤ leave_seq, and nothing else, whatever is asked for. */
    async getHistory({ actorId, conversationId, afterSeq, upToSeq, limit }) {
      const { conversation, member } = await requireMembership(conversations, actorId, conversationId, 'see history')
      const after = Math.max(afterSeq, member.joinSeq)
      const end = member.isActive ? maxSeq : member.leaveSeq
      const upTo = upToSeq === 0 ? end : Math.min(upToSeq, end)
      const newest = member.isActive ? conversation.lastSeq : member.leaveSeq
      if (upTo <= after) return { entries: [], lastSeq: newest }
      const size = pageSize(limit, limits.maxHistoryPage)
      const page = { conversationId, afterSeq: after, upToSeq: upTo, limit: size }
      const { entries } = await messages.listEntries(page)
      // The conversation may be a cached one, a little older than its entries.
      return { entries, lastSeq: Math.max(newest, entries.at(-1)?.seq ?? 0) }
    },

    async getHeads({ actorId, have, limit, afterId }) {
      if (afterId !== '') requireId('afterId', afterId)
      const namedIds = Object.keys(have)
      for (const id of namedIds) requireId('have', id)
      const size = pageSize(limit, limits.maxHeadsPage)
      const { heads, hasMore } = await conversations.listHeads({ userId: actorId, namedIds, limit: size, afterId })
      const news = heads.filter(({ conversationId, lastSeq }) => have[conversationId] !== lastSeq)
      return { heads: news, hasMore, nextAfterId: hasMore ? (heads.at(-1)?.conversationId ?? '') : '' }
    },
  }
}
