import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { RunCommand } from '../commands.ts'
import { MemberParams } from '../schemas/common.ts'
import { CommandQuery, NewMute, NewRole } from '../schemas/conversation.ts'
import { groupCommand, groupRunner } from './group-command.ts'

/** What one member may do in a group. */
export function memberRightRoutes({ runCommand }: { readonly runCommand: RunCommand }): FastifyPluginAsyncTypebox {
  const run = groupRunner(runCommand)
  return async (app) => {
    app.put(
      '/groups/:conversationId/members/:userId/role',
      {
        schema: groupCommand(
          {
            operationId: 'setRole',
            summary: 'Change a role',
            description: 'Make a member an admin, or an admin a member. For the owner.',
          },
          { params: MemberParams, body: NewRole },
          'USER_NOT_FOUND',
          'LIMIT_EXCEEDED',
        ),
      },
      (request) => {
        const { commandId, role: name } = request.body
        const role = name === 'admin' ? Role.ADMIN : Role.MEMBER
        return run(request, commandId, { case: 'setRole', value: { userId: request.params.userId, role } })
      },
    )

    app.put(
      '/groups/:conversationId/members/:userId/mute',
      {
        schema: groupCommand(
          {
            operationId: 'muteMember',
            summary: 'Mute a member',
            description: 'Let a member of a lower role send nothing until a time. For admins and the owner.',
          },
          { params: MemberParams, body: NewMute },
          'USER_NOT_FOUND',
        ),
      },
      (request) =>
        run(request, request.body.commandId, {
          case: 'mute',
          value: { userId: request.params.userId, untilMs: request.body.until },
        }),
    )

    app.delete(
      '/groups/:conversationId/members/:userId/mute',
      {
        schema: groupCommand(
          {
            operationId: 'unmuteMember',
            summary: 'Unmute a member',
            description: 'Lift the mute of a member of a lower role. For admins and the owner.',
          },
          { params: MemberParams, querystring: CommandQuery },
          'USER_NOT_FOUND',
        ),
      },
      (request) =>
        run(request, request.query.commandId, { case: 'mute', value: { userId: request.params.userId, untilMs: 0 } }),
    )
  }
}
