import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { RunCommand } from '../commands.ts'
import { ConversationParams, MemberParams } from '../schemas/common.ts'
import { CommandOnly, CommandQuery, MemberAddition, NewOwner } from '../schemas/conversation.ts'
import { groupCommand, groupRunner } from './group-command.ts'

/** Who is in a group changes on the message path, in order with its messages. */
export function membershipRoutes({ runCommand }: { readonly runCommand: RunCommand }): FastifyPluginAsyncTypebox {
  const run = groupRunner(runCommand)
  return async (app) => {
    app.post(
      '/groups/:conversationId/members',
      {
        schema: groupCommand(
          {
            operationId: 'addMembers',
            summary: 'Add members',
            description: 'Add users to a group. For its admins and owner; noop when all of them are in already.',
          },
          { params: ConversationParams, body: MemberAddition },
          'USER_NOT_FOUND',
          'LIMIT_EXCEEDED',
        ),
      },
      (request) => run(request, request.body.commandId, { case: 'add', value: { userIds: request.body.userIds } }),
    )

    app.delete(
      '/groups/:conversationId/members/:userId',
      {
        schema: groupCommand(
          {
            operationId: 'removeMember',
            summary: 'Remove a member',
            description: 'Remove a member of a lower role from a group. For its admins and owner.',
          },
          { params: MemberParams, querystring: CommandQuery },
        ),
      },
      (request) =>
        run(request, request.query.commandId, { case: 'remove', value: { userIds: [request.params.userId] } }),
    )

    app.post(
      '/groups/:conversationId/leave',
      {
        schema: groupCommand(
          {
            operationId: 'leaveGroup',
            summary: 'Leave a group',
            description:
              'Leave a group. What was visible until then stays readable. Its owner stays, and may dissolve it.',
          },
          { params: ConversationParams, body: CommandOnly },
        ),
      },
      (request) => run(request, request.body.commandId, { case: 'leave', value: {} }),
    )

    app.post(
      '/groups/:conversationId/transfer',
      {
        schema: groupCommand(
          {
            operationId: 'transferGroup',
            summary: 'Transfer a group',
            description: 'Make another member the owner. For the owner, who becomes an admin.',
          },
          { params: ConversationParams, body: NewOwner },
          'USER_NOT_FOUND',
          'LIMIT_EXCEEDED',
        ),
      },
      (request) => run(request, request.body.commandId, { case: 'transfer', value: { userId: request.body.userId } }),
    )

    app.post(
      '/groups/:conversationId/dissolve',
      {
        schema: groupCommand(
          {
            operationId: 'dissolveGroup',
            summary: 'Dissolve a group',
            description: 'End a group for everybody. For its owner. What was visible until then stays readable.',
          },
          { params: ConversationParams, body: CommandOnly },
        ),
      },
      (request) => run(request, request.body.commandId, { case: 'dissolve', value: {} }),
    )
  }
}
