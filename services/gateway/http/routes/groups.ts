import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { clientGone } from '../client-gone.ts'
import type { HttpDeps } from '../../ports.ts'
import { identityOf } from '../identity.ts'
import { ConversationParams } from '../schemas/common.ts'
import { Conversation, Group, MemberPage, MemberQuery, NewGroup } from '../schemas/conversation.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { conversationView, groupView, memberView } from '../views.ts'

export function groupRoutes({ clients }: Pick<HttpDeps, 'clients'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/groups',
      {
        schema: {
          operationId: 'createGroup',
          tags: ['groups'],
          summary: 'Make a group',
          description: 'Make a group, owned by the caller: 201. The same command id again: 200, with the first group.',
          body: NewGroup,
          response: {
            200: answer('Made before under this id.', Conversation.ref),
            201: answer('Made.', Conversation.ref),
            ...failures(['bearer', 'body'], 'USER_NOT_FOUND', 'IDEMPOTENCY_CONFLICT', 'FORBIDDEN'),
          },
        },
      },
      async (request, reply) => {
        const wish = { actorId: identityOf(request).userId, ...request.body }
        const { conversation, created } = await clients.group.openGroup(wish, { signal: clientGone(request) })
        return reply.code(created ? 201 : 200).send(conversationView(conversation))
      },
    )

    app.get(
      '/groups/:conversationId',
      {
        schema: {
          operationId: 'getGroup',
          tags: ['groups'],
          summary: 'A group',
          description: 'A group, and the place of the caller in it.',
          params: ConversationParams,
          response: { 200: answer('The group.', Group.ref), ...failures(['bearer'], 'CONVERSATION_NOT_FOUND') },
        },
      },
      async (request) => {
        const query = { actorId: identityOf(request).userId, conversationId: request.params.conversationId }
        const { conversation, member } = await clients.group.getGroup(query, { signal: clientGone(request) })
        return groupView(conversation, member)
      },
    )

    app.get(
      '/groups/:conversationId/members',
      {
        schema: {
          operationId: 'listMembers',
          tags: ['groups'],
          summary: 'Members',
          description: 'Who is in a group, in the order of user ids.',
          params: ConversationParams,
          querystring: MemberQuery,
          response: { 200: answer('A page.', MemberPage), ...failures(['bearer'], 'CONVERSATION_NOT_FOUND') },
        },
      },
      async (request) => {
        const { limit = 100, afterUserId = '' } = request.query
        const { conversationId } = request.params
        const query = { actorId: identityOf(request).userId, conversationId, limit, afterUserId }
        const { members, hasMore } = await clients.group.getMembers(query, { signal: clientGone(request) })
        const last = members.at(-1)
        return {
          members: members.map(memberView),
          ...(hasMore && last !== undefined ? { nextAfterUserId: last.userId } : {}),
        }
      },
    )
  }
}
