import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { joinModeNumber } from '#proto/join-mode.ts'
import type { RunCommand } from '../commands.ts'
import { ConversationParams } from '../schemas/common.ts'
import { CommandOnly, CommandQuery, NewAnnouncement, NewJoinMode, NewName } from '../schemas/conversation.ts'
import { groupCommand, outcomeView } from './group-command.ts'

/** What holds for a whole group: each of these is one command, and one entry. For admins and the owner. */
export function groupSettingRoutes({ runCommand }: { readonly runCommand: RunCommand }): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.put(
      '/groups/:conversationId/name',
      {
        schema: groupCommand(
          {
            operationId: 'renameGroup',
            summary: 'Rename a group',
            description: 'Give a group another name. For admins and the owner.',
          },
          { params: ConversationParams, body: NewName },
        ),
      },
      async (request) => {
        const { commandId: id, name } = request.body
        const { conversationId } = request.params
        return outcomeView(await runCommand(request, { id, conversationId, body: { case: 'rename', value: { name } } }))
      },
    )

    app.put(
      '/groups/:conversationId/announcement',
      {
        schema: groupCommand(
          {
            operationId: 'setAnnouncement',
            summary: 'Announce',
            description: 'Put up the announcement of a group, in place of the one before. For admins and the owner.',
          },
          { params: ConversationParams, body: NewAnnouncement },
        ),
      },
      async (request) => {
        const { commandId: id, text } = request.body
        const { conversationId } = request.params
        const body = { case: 'setAnnouncement' as const, value: { text } }
        return outcomeView(await runCommand(request, { id, conversationId, body }))
      },
    )

    app.delete(
      '/groups/:conversationId/announcement',
      {
        schema: groupCommand(
          {
            operationId: 'clearAnnouncement',
            summary: 'Take the announcement away',
            description: 'Take the announcement of a group away. For admins and the owner.',
          },
          { params: ConversationParams, querystring: CommandQuery },
        ),
      },
      async (request) => {
        const { conversationId } = request.params
        const body = { case: 'setAnnouncement' as const, value: { text: '' } }
        return outcomeView(await runCommand(request, { id: request.query.commandId, conversationId, body }))
      },
    )

    app.put(
      '/groups/:conversationId/join-mode',
      {
        schema: groupCommand(
          {
            operationId: 'setJoinMode',
            summary: 'Say who gets in',
            description: 'Say how somebody who is not in a group gets in. For admins and the owner.',
          },
          { params: ConversationParams, body: NewJoinMode },
        ),
      },
      async (request) => {
        const { commandId: id, joinMode } = request.body
        const { conversationId } = request.params
        const body = { case: 'setJoinMode' as const, value: { joinMode: joinModeNumber(joinMode) } }
        return outcomeView(await runCommand(request, { id, conversationId, body }))
      },
    )

    app.put(
      '/groups/:conversationId/mute',
      {
        schema: groupCommand(
          {
            operationId: 'muteAll',
            summary: 'Mute all members',
            description: 'Let only admins and the owner send. For admins and the owner.',
          },
          { params: ConversationParams, body: CommandOnly },
        ),
      },
      async (request) => {
        const { conversationId } = request.params
        const body = { case: 'muteAll' as const, value: { isMuted: true } }
        return outcomeView(await runCommand(request, { id: request.body.commandId, conversationId, body }))
      },
    )

    app.delete(
      '/groups/:conversationId/mute',
      {
        schema: groupCommand(
          {
            operationId: 'unmuteAll',
            summary: 'Unmute all members',
            description: 'Let all members send again, but those who are muted themselves. For admins and the owner.',
          },
          { params: ConversationParams, querystring: CommandQuery },
        ),
      },
      async (request) => {
        const { conversationId } = request.params
        const body = { case: 'muteAll' as const, value: { isMuted: false } }
        return outcomeView(await runCommand(request, { id: request.query.commandId, conversationId, body }))
      },
    )
  }
}
