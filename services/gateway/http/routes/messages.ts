import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AppError } from '#infra/errors/index.ts'
import { NewMessage, limits } from '#proto/frames/index.ts'
import type { CommandResult, HttpDeps } from '../../ports.ts'
import type { RunCommand } from '../commands.ts'
import { identityOf } from '../identity.ts'
import { refuseWhen } from '../limit-rates.ts'
import { ConversationParams, Empty } from '../schemas/common.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { HistoryPage, HistoryQuery, ReadMark, Stored } from '../schemas/message.ts'
import { entryView } from '../views.ts'

interface MessageRouteDeps extends Pick<HttpDeps, 'history' | 'rates'> {
  readonly runCommand: RunCommand
}

export function messageRoutes({ history, rates, runCommand }: MessageRouteDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/conversations/:conversationId/messages',
      {
        schema: {
          operationId: 'getHistory',
          tags: ['messages'],
          summary: 'History',
          description:
            'Entries after a seq, in order, as far as the caller may see. Large ones make a page shorter than its limit: up to lastSeq there are more.',
          params: ConversationParams,
          querystring: HistoryQuery,
          response: { 200: answer('A page.', HistoryPage), ...failures(['bearer'], 'CONVERSATION_NOT_FOUND') },
        },
      },
      async (request) => {
        const { afterSeq = 0, upToSeq = 0, limit = limits.maxHistoryPage } = request.query
        const { conversationId } = request.params
        const actorId = identityOf(request).userId
        const { entries, lastSeq } = await history.page({ actorId, conversationId, afterSeq, upToSeq, limit })
        return { entries: entries.map(entryView), lastSeq }
      },
    )

    app.post(
      '/conversations/:conversationId/messages',
      {
        schema: {
          operationId: 'sendMessage',
          tags: ['messages'],
          summary: 'Send a message',
          description: 'Store one message: 201. The same id again: 200, with the first answer.',
          params: ConversationParams,
          body: NewMessage,
          response: {
            200: answer('Stored before under this id.', Stored.ref),
            201: answer('Stored.', Stored.ref),
            ...failures(['bearer', 'body', 'command'], 'CONVERSATION_NOT_FOUND', 'FORBIDDEN', 'IDEMPOTENCY_CONFLICT'),
          },
        },
      },
      async (request, reply) => {
        refuseWhen(rates.takeSend(identityOf(request).userId, request.ip, 1))
        const { clientMessageId: id, type, body } = request.body
        const { conversationId } = request.params
        const value = { type, body: Buffer.from(JSON.stringify(body)) }
        const result = await runCommand(request, { id, conversationId, body: { case: 'send', value } })
        return reply.code(result.duplicate === true ? 200 : 201).send(storedView(result))
      },
    )

    app.post(
      '/conversations/:conversationId/read',
      {
        schema: {
          operationId: 'markRead',
          tags: ['messages'],
          summary: 'Mark as read',
          description: 'The caller has read everything up to this seq.',
          params: ConversationParams,
          body: ReadMark,
          response: {
            204: answer('Done.', Empty),
            ...failures(['bearer', 'body', 'command'], 'CONVERSATION_NOT_FOUND'),
          },
        },
      },
      async (request, reply) => {
        const { conversationId } = request.params
        await runCommand(request, { id: '', conversationId, body: { case: 'read', value: { seq: request.body.seq } } })
        return reply.code(204).send(null)
      },
    )
  }
}

function storedView({ seq, createdAt, duplicate }: CommandResult) {
  if (seq === undefined || createdAt === undefined) throw new AppError('INTERNAL', { message: 'a send without a seq' })
  return { seq, createdAt, ...(duplicate === true ? { duplicate } : {}) }
}
