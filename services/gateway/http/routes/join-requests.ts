import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { clientGone } from '../client-gone.ts'
import type { HttpDeps } from '../../ports.ts'
import type { RunCommand } from '../commands.ts'
import { identityOf } from '../identity.ts'
import { ConversationParams, MemberParams } from '../schemas/common.ts'
import { CommandOnly, CommandQuery, JoinRequestPage, MemberQuery } from '../schemas/conversation.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { groupCommand, groupRunner } from './group-command.ts'

interface JoinRequestRouteDeps extends Pick<HttpDeps, 'clients'> {
  readonly runCommand: RunCommand
}

/** How somebody gets into a group without being added. */
export function joinRequestRoutes({ clients, runCommand }: JoinRequestRouteDeps): FastifyPluginAsyncTypebox {
  const run = groupRunner(runCommand)
  return async (app) => {
    app.post(
      '/groups/:conversationId/join',
      {
        schema: groupCommand(
          {
            operationId: 'joinGroup',
            summary: 'Join a group',
            description:
              'Join a group that is open, or ask to join one where admins approve: pending. Where one gets in only by ' +
              'invitation the group does not exist for others.',
          },
          { params: ConversationParams, body: CommandOnly },
          'USER_NOT_FOUND',
          'LIMIT_EXCEEDED',
        ),
      },
      (request) => run(request, request.body.commandId, { case: 'join', value: {} }),
    )

    app.delete(
      '/groups/:conversationId/join',
      {
        schema: groupCommand(
          {
            operationId: 'withdrawJoin',
            summary: 'Withdraw the request to join',
            description: 'Ask no longer to join. For who has asked.',
          },
          { params: ConversationParams, querystring: CommandQuery },
          'LIMIT_EXCEEDED',
        ),
      },
      (request) => run(request, request.query.commandId, { case: 'withdraw', value: {} }),
    )

    app.get(
      '/groups/:conversationId/join-requests',
      {
        schema: {
          operationId: 'listJoinRequests',
          tags: ['groups'],
          summary: 'Requests to join',
          description: 'Who asks to join, in the order of user ids. For admins and the owner.',
          params: ConversationParams,
          querystring: MemberQuery,
          response: {
            200: answer('A page.', JoinRequestPage),
            ...failures(['bearer'], 'CONVERSATION_NOT_FOUND', 'FORBIDDEN'),
          },
        },
      },
      async (request) => {
        const { limit = 100, afterUserId = '' } = request.query
        const { conversationId } = request.params
        const query = { actorId: identityOf(request).userId, conversationId, limit, afterUserId }
        const { requests, hasMore } = await clients.group.getJoinRequests(query, { signal: clientGone(request) })
        const last = requests.at(-1)
        return {
          requests: requests.map(({ userId, askedAtMs }) => ({ userId, askedAt: askedAtMs })),
          ...(hasMore && last !== undefined ? { nextAfterUserId: last.userId } : {}),
        }
      },
    )

    app.post(
      '/groups/:conversationId/join-requests/:userId/approve',
      {
        schema: groupCommand(
          {
            operationId: 'approveJoin',
            summary: 'Approve a request to join',
            description: 'Let in who asks to join; noop when it is in already. For admins and the owner.',
          },
          { params: MemberParams, body: CommandOnly },
          'NOT_FOUND',
          'USER_NOT_FOUND',
          'LIMIT_EXCEEDED',
        ),
      },
      (request) => run(request, request.body.commandId, { case: 'approve', value: { userId: request.params.userId } }),
    )

    app.post(
      '/groups/:conversationId/join-requests/:userId/reject',
      {
        schema: groupCommand(
          {
            operationId: 'rejectJoin',
            summary: 'Reject a request to join',
            description: 'Do not let in who asks to join. For admins and the owner.',
          },
          { params: MemberParams, body: CommandOnly },
          'NOT_FOUND',
        ),
      },
      (request) => run(request, request.body.commandId, { case: 'reject', value: { userId: request.params.userId } }),
    )
  }
}
