import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { clientGone } from '../client-gone.ts'
import type { HttpDeps } from '../../ports.ts'
import { refuseWhen } from '../limit-rates.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { GuestEntry, Login, Refresh, Registration, Session } from '../schemas/user.ts'
import { sessionView } from '../views.ts'

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
            201: answer('The account, and tokens for it.', Session.ref),
            ...failures(['body'], 'USERNAME_TAKEN'),
          },
        },
      },
      async (request, reply) => {
        const { name, password, displayName = name, deviceId = randomUUID(), deviceName = '' } = request.body
        refuseWhen(rates.takeLogin(request.ip, name))
        const account = { name, password, displayName, deviceId, deviceName }
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
          description: 'Begin a session with a name and a password. The former session of the same device ends.',
          body: Login,
          response: {
            200: answer('Tokens.', Session.ref),
            ...failures(['body'], 'UNAUTHENTICATED', 'ACCOUNT_SUSPENDED'),
          },
        },
      },
      async (request) => {
        const { name, password, deviceId = randomUUID(), deviceName = '' } = request.body
        refuseWhen(rates.takeLogin(request.ip, name))
        const attempt = { name, password, deviceId, deviceName }
        return sessionView(await clients.auth.login(attempt, { signal: clientGone(request) }))
      },
    )

    app.post(
      '/auth/guest',
      {
        schema: {
          operationId: 'enterAsGuest',
          tags: ['auth'],
          summary: 'Enter as a guest',
          description: 'Make an account without a name and a password: the refresh token is all that leads back to it.',
          body: GuestEntry,
          response: { 201: answer('The guest, and tokens for it.', Session.ref), ...failures(['body']) },
        },
      },
      async (request, reply) => {
        const { displayName = '', deviceId = randomUUID(), deviceName = '' } = request.body
        refuseWhen(rates.takeLogin(request.ip))
        const guest = { displayName, deviceId, deviceName }
        const session = await clients.auth.enterAsGuest(guest, { signal: clientGone(request) })
        return reply.code(201).send(sessionView(session))
      },
    )

    app.post(
      '/auth/refresh',
      {
        schema: {
          operationId: 'refresh',
          tags: ['auth'],
          summary: 'Refresh',
          description:
            'Exchange a refresh token for new tokens. It is good once; who uses one that was exchanged before ends its session. ' +
            'Only the one exchanged last gets the same answer again, for half a minute.',
          body: Refresh,
          response: {
            200: answer('New tokens.', Session.ref),
            ...failures(['body'], 'UNAUTHENTICATED', 'SESSION_REVOKED', 'ACCOUNT_SUSPENDED'),
          },
        },
      },
      async ({ body: { refreshToken } }) => sessionView(await clients.auth.refresh({ refreshToken })),
    )
  }
}
