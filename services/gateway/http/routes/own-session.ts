import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { clientGone } from '../client-gone.ts'
import type { HttpDeps } from '../../ports.ts'
import { identityOf } from '../identity.ts'
import { refuseWhen } from '../limit-rates.ts'
import { Empty } from '../schemas/common.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { PasswordChange } from '../schemas/user.ts'

export function ownSessionRoutes({ clients, rates }: Pick<HttpDeps, 'clients' | 'rates'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/auth/logout',
      {
        schema: {
          operationId: 'logout',
          tags: ['auth'],
          summary: 'Log out',
          description: 'End the session of this access token. Its sockets close, and its tokens are refused.',
          response: { 204: answer('It has ended.', Empty), ...failures(['bearer', 'body']) },
        },
      },
      async (request, reply) => {
        const { userId: actorId, sessionId } = identityOf(request)
        await clients.auth.logout({ actorId, sessionId })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/auth/password',
      {
        schema: {
          operationId: 'changePassword',
          tags: ['auth'],
          summary: 'Change the password',
          description: 'End all other sessions, and log in with another password from now on.',
          body: PasswordChange,
          response: {
            204: answer('It is changed.', Empty),
            ...failures(['bearer', 'body'], 'FORBIDDEN'),
          },
        },
      },
      async (request, reply) => {
        const { userId: actorId, sessionId } = identityOf(request)
        // No name has a control character: this counts apart from logins.
        refuseWhen(rates.takeLogin(request.ip, `\n${actorId}`))
        await clients.auth.changePassword({ actorId, sessionId, ...request.body }, { signal: clientGone(request) })
        return reply.code(204).send(null)
      },
    )
  }
}
