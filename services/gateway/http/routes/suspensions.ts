import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AppError } from '#infra/errors/index.ts'
import type { HttpDeps } from '../../ports.ts'
import { identityOf } from '../identity.ts'
import { Empty, UserParams } from '../schemas/common.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'

export function suspensionRoutes({ clients }: Pick<HttpDeps, 'clients'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/admin/users/:userId/suspend',
      {
        schema: {
          operationId: 'suspendUser',
          tags: ['admin'],
          summary: 'Suspend a user',
          description: 'End all sessions of the user, who cannot log in any more. Nobody can suspend the own account.',
          params: UserParams,
          response: { 204: answer('The user is suspended.', Empty), ...failures(['admin', 'body'], 'USER_NOT_FOUND') },
        },
      },
      async (request, reply) => {
        const { userId } = request.params
        if (userId === identityOf(request).userId) {
          throw new AppError('FORBIDDEN', { message: 'Nobody can suspend the own account.' })
        }
        await clients.session.suspendUser({ userId })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/admin/users/:userId/restore',
      {
        schema: {
          operationId: 'restoreUser',
          tags: ['admin'],
          summary: 'Lift a suspension',
          description: 'The user may log in again. What has ended stays ended.',
          params: UserParams,
          response: {
            204: answer('The user is not suspended.', Empty),
            ...failures(['admin', 'body'], 'USER_NOT_FOUND'),
          },
        },
      },
      async (request, reply) => {
        await clients.session.restoreUser({ userId: request.params.userId })
        return reply.code(204).send(null)
      },
    )
  }
}
