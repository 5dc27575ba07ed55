import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { clientGone } from '../client-gone.ts'
import type { HttpDeps } from '../../ports.ts'
import { refuseWhen } from '../limit-rates.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { Login, Registration, Session } from '../schemas/user.ts'
import { userView } from '../views.ts'

export function authRoutes({ clients, rates }: Pick<HttpDeps, 'clients' | 'rates'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/auth/register',
      {
        schema: {
          operationId: 'register',
          tags: ['auth'],
          summary: 'Register',
          description: 'Make an account, and log in.',
          body: Registration,
          response: {
            201: answer('The account, and a token for it.', Session.ref),
            ...failures(['body'], 'USERNAME_TAKEN', 'OVERLOADED'),
          },
        },
      },
      async (request, reply) => {
        const { name, password, displayName = name, deviceId = randomUUID() } = request.body
        refuseWhen(rates.takeLogin(request.ip, name))
        const account = { name, password, displayName, deviceId }
        const session = await clients.auth.register(account, { signal: clientGone(request) })
        return reply.code(201).send(sessionView(session))
      },
    )

    app.post(
      '/auth/login',
      {
        schema: {
          operationId: 'login',
          tags: ['auth'],
          summary: 'Log in',
          description: 'Get an access token for a name and a password.',
          body: Login,
          response: { 200: answer('A token.', Session.ref), ...failures(['body'], 'UNAUTHENTICATED', 'OVERLOADED') },
        },
      },
      async (request) => {
        const { name, password, deviceId = randomUUID() } = request.body
        refuseWhen(rates.takeLogin(request.ip, name))
        return sessionView(await clients.auth.login({ name, password, deviceId }, { signal: clientGone(request) }))
      },
    )
  }
}

type SessionMessage = Awaited<ReturnType<HttpDeps['clients']['auth']['register' | 'login']>>

function sessionView({ user, accessToken, expiresAtMs }: SessionMessage) {
  return { user: userView(user), accessToken, expiresAt: expiresAtMs }
}
