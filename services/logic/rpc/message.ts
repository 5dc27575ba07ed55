import { AppError, errorBody, toAppError } from '#infra/errors/index.ts'
import type { Client, Handlers } from '#infra/rpc/index.ts'
import { limits } from '#proto/frames/index.ts'
import type { ConversationRepo } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { MemberPage, MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { MessageService, PageQuestion } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { isId } from '../pipeline/validate.ts'
import { pageSize, requireId } from './arguments.ts'
import { admit } from './membership.ts'

const maxQuestions = 8

export interface MessageDeps {
  readonly messages: Pick<Client<typeof MessageRepo>, 'listMemberPages'>
  readonly conversations: Pick<Client<typeof ConversationRepo>, 'listHeads'>
}

export function createMessageService({ messages, conversations }: MessageDeps): Handlers<typeof MessageService> {
  return {
    /** A member sees join_seq < seq ≤ leave_seq, and nothing else, whatever is asked for. */
    async getPages({ questions }) {
      if (questions.length > maxQuestions) throw new AppError('INVALID_ARGUMENT', { details: { field: 'questions' } })
      const valid = questions.filter(({ conversationId }) => isId(conversationId))
      const { pages } =
        valid.length === 0 ? { pages: [] } : await messages.listMemberPages({ questions: valid.map(ask) })
      const pageOf = new Map(valid.map((question, index) => [question, pages[index]]))
      return { answers: questions.map((question) => ({ result: answer(question, pageOf.get(question)) })) }
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

function ask({ actorId, conversationId, afterSeq, upToSeq, limit }: PageQuestion) {
  return { userId: actorId, conversationId, afterSeq, upToSeq, limit: pageSize(limit, limits.maxHistoryPage) }
}

function answer({ conversationId }: PageQuestion, page: MemberPage | undefined) {
  try {
    requireId('conversationId', conversationId)
    const { conversation, member } = admit(page, 'seeHistory')
    const newest = member.isActive ? conversation.lastSeq : member.leaveSeq
    // The conversation may be a cached one, a little older than its entries.
    const value = { entryList: page!.entryList, lastSeq: Math.max(newest, page!.lastSeq) }
    return { case: 'page', value } as const
  } catch (error) {
    return { case: 'error', value: JSON.stringify(errorBody(toAppError(error))) } as const
  }
}
