import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { clientGone } from '../client-gone.ts'
import type { HttpDeps } from '../../ports.ts'
import { identityOf } from '../identity.ts'
import { Conversation, ConversationPage, ConversationQuery, NewDirect } from '../schemas/conversation.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { conversationView, summaryView } from '../views.ts'

export function conversationRoutes({ clients }: Pick<HttpDeps, 'clients'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/conversations',
      {
        schema: {
          operationId: 'listConversations',
          tags: ['conversations'],
          summary: 'Own conversations',
          description: 'The own conversations, newest activity first, with last entry and unread count.',
          querystring: ConversationQuery,
          response: { 200: answer('A page.', ConversationPage), ...failures(['bearer']) },
        },
      },
      async (request) => {
        const { limit = 50, cursor = '' } = request.query
        const query = { actorId: identityOf(request).userId, limit, cursor }
        const page = await clients.conversation.listMine(query, { signal: clientGone(request) })
        return {
          conversations: page.conversations.map(summaryView),
          ...(page.nextCursor === '' ? {} : { nextCursor: page.nextCursor }),
        }
      },
    )

    app.post(
      '/conversations/direct',
      {
        schema: {
          operationId: 'openDirect',
          tags: ['conversations'],
          summary: 'Open a direct conversation',
          description: 'The one conversation with another user: made (201), or there already (200).',
          body: NewDirect,
          response: {
            200: answer('There already.', Conversation.ref),
            201: answer('Made.', Conversation.ref),
            ...failures(['bearer', 'body'], 'USER_NOT_FOUND', 'IDEMPOTENCY_CONFLICT'),
          },
        },
      },
      async (request, reply) => {
        const { commandId, userId } = request.body
        const wish = { actorId: identityOf(request).userId, peerId: userId, commandId }
        const { conversation, created } = await clients.conversation.openDirect(wish, { signal: clientGone(request) })
        return reply.code(created ? 201 : 200).send(conversationView(conversation))
      },
    )
  }
}
