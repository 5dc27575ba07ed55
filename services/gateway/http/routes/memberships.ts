import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { CommandResult } from '../../ports.ts'
import type { RunCommand } from '../commands.ts'
import { ConversationParams, MemberParams } from '../schemas/common.ts'
import { CommandOnly, CommandQuery, MemberAddition, Outcome } from '../schemas/conversation.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'

/** Who is in a group changes on the message path, in order with its messages. */
export function membershipRoutes({ runCommand }: { readonly runCommand: RunCommand }): FastifyPluginAsyncTypebox {
  return async (app) => {
    const refusals = ['CONVERSATION_NOT_FOUND', 'FORBIDDEN', 'USER_NOT_FOUND', 'IDEMPOTENCY_CONFLICT'] as const

    app.post(
      '/groups/:conversationId/members',
      {
        schema: {
          operationId: 'addMembers',
          tags: ['groups'],
          summary: 'Add members',
          description: 'Add users to a group. For its admins and owner; noop when all of them are in already.',
          params: ConversationParams,
          body: MemberAddition,
          response: {
            200: answer('What became of it.', Outcome.ref),
            ...failures(['bearer', 'body', 'command'], ...refusals, 'LIMIT_EXCEEDED'),
          },
        },
      },
      async (request) => {
        const { commandId: id, userIds } = request.body
        const { conversationId } = request.params
        return outcomeView(await runCommand(request, { id, conversationId, body: { case: 'add', value: { userIds } } }))
      },
    )

    app.delete(
      '/groups/:conversationId/members/:userId',
      {
        schema: {
          operationId: 'removeMember',
          tags: ['groups'],
          summary: 'Remove a member',
          description: 'Remove a member of a lower role from a group. For its admins and owner.',
          params: MemberParams,
          querystring: CommandQuery,
          response: { 200: answer('What became of it.', Outcome.ref), ...failures(['bearer', 'command'], ...refusals) },
        },
      },
      async (request) => {
        const { conversationId, userId } = request.params
        const body = { case: 'remove' as const, value: { userIds: [userId] } }
        return outcomeView(await runCommand(request, { id: request.query.commandId, conversationId, body }))
      },
    )

    app.post(
      '/groups/:conversationId/leave',
      {
        schema: {
          operationId: 'leaveGroup',
          tags: ['groups'],
          summary: 'Leave a group',
          description: 'Leave a group. What was visible until then stays readable.',
          params: ConversationParams,
          body: CommandOnly,
          response: {
            200: answer('What became of it.', Outcome.ref),
            ...failures(['bearer', 'body', 'command'], ...refusals),
          },
        },
      },
      async (request) => {
        const { conversationId } = request.params
        const body = { case: 'leave' as const, value: {} }
        return outcomeView(await runCommand(request, { id: request.body.commandId, conversationId, body }))
      },
    )
  }
}

function outcomeView({ outcome = 'applied', seq }: CommandResult) {
  return { outcome, ...(seq === undefined ? {} : { seq }) }
}
