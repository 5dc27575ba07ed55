import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { RunCommand } from '../commands.ts'
import { MemberParams } from '../schemas/common.ts'
import { CommandQuery, NewMute, NewRole } from '../schemas/conversation.ts'
import { groupCommand, outcomeView } from './group-command.ts'

/** What one member may do in a group. */
export function memberRightRoutes({ runCommand }: { readonly runCommand: RunCommand }): FastifyPluginAsyncTypebox {
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
      async (request) => {
        const { conversationId, userId } = request.params
        const { commandId: id, role: name } = request.body
        const role = name === 'admin' ? Role.ADMIN : Role.MEMBER
        const body = { case: 'setRole' as const, value: { userId, role } }
        return outcomeView(await runCommand(request, { id, conversationId, body }))
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
      async (request) => {
        const { conversationId, userId } = request.params
        const { commandId: id, until: untilMs } = request.body
        const body = { case: 'mute' as const, value: { userId, untilMs } }
        return outcomeView(await runCommand(request, { id, conversationId, body }))
      },
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
      async (request) => {
        const { conversationId, userId } = request.params
        const body = { case: 'mute' as const, value: { userId, untilMs: 0 } }
        return outcomeView(await runCommand(request, { id: request.query.commandId, conversationId, body }))
      },
    )
  }
}
