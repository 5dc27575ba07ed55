import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { joinModeNumber } from '#proto/join-mode.ts'
import type { RunCommand } from '../commands.ts'
import { ConversationParams } from '../schemas/common.ts'
import { CommandOnly, CommandQuery, NewAnnouncement, NewJoinMode, NewName } from '../schemas/conversation.ts'
import { groupCommand, groupRunner } from './group-command.ts'

/** What holds for a whole group: each of these is one command, and one entry. For admins and the owner. */
export function groupSettingRoutes({ runCommand }: { readonly runCommand: RunCommand }): FastifyPluginAsyncTypebox {
  const run = groupRunner(runCommand)
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
      (request) => run(request, request.body.commandId, { case: 'rename', value: { name: request.body.name } }),
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
      (request) =>
        run(request, request.body.commandId, { case: 'setAnnouncement', value: { text: request.body.text } }),
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
      (request) => run(request, request.query.commandId, { case: 'setAnnouncement', value: { text: '' } }),
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
      (request) =>
        run(request, request.body.commandId, {
          case: 'setJoinMode',
          value: { joinMode: joinModeNumber(request.body.joinMode) },
        }),
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
      (request) => run(request, request.body.commandId, { case: 'muteAll', value: { isMuted: true } }),
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
      (request) => run(request, request.query.commandId, { case: 'muteAll', value: { isMuted: false } }),
    )
  }
}
