import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { clientGone } from '../client-gone.ts'
import type { HttpDeps } from '../../ports.ts'
import { identityOf } from '../identity.ts'
import { UserParams } from '../schemas/common.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { ProfileChange, User, UserQuery } from '../schemas/user.ts'
import { userView } from '../views.ts'

export function userRoutes({ clients }: Pick<HttpDeps, 'clients'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/users/me',
      {
        schema: {
          operationId: 'getMe',
          tags: ['users'],
          summary: 'Own profile',
          description: 'Who the token belongs to.',
          response: { 200: answer('The profile.', User.ref), ...failures(['bearer'], 'USER_NOT_FOUND') },
        },
      },
      async (request) => {
        const actorId = identityOf(request).userId
        const { user } = await clients.user.getProfile({ actorId, userId: actorId }, { signal: clientGone(request) })
        return userView(user)
      },
    )

    app.patch(
      '/users/me',
      {
        schema: {
          operationId: 'changeMe',
          tags: ['users'],
          summary: 'Change the own profile',
          description: 'Change the own profile.',
          body: ProfileChange,
          response: {
            200: answer('The profile as it is now.', User.ref),
            ...failures(['bearer', 'body'], 'USER_NOT_FOUND'),
          },
        },
      },
      async (request) => {
        const change = { actorId: identityOf(request).userId, displayName: request.body.displayName }
        const { user } = await clients.user.changeProfile(change, { signal: clientGone(request) })
        return userView(user)
      },
    )

    app.get(
      '/users',
      {
        schema: {
          operationId: 'findUser',
          tags: ['users'],
          summary: 'Find a user by name',
          description: 'The user with exactly this name.',
          querystring: UserQuery,
          response: { 200: answer('The profile.', User.ref), ...failures(['bearer'], 'USER_NOT_FOUND', 'FORBIDDEN') },
        },
      },
      async (request) => {
        const query = { actorId: identityOf(request).userId, name: request.query.name }
        const { user } = await clients.user.findProfile(query, { signal: clientGone(request) })
        return userView(user)
      },
    )

    app.get(
      '/users/:userId',
      {
        schema: {
          operationId: 'getUser',
          tags: ['users'],
          summary: 'A user',
          description: 'The user with this id.',
          params: UserParams,
          response: { 200: answer('The profile.', User.ref), ...failures(['bearer'], 'USER_NOT_FOUND') },
        },
      },
      async (request) => {
        const query = { actorId: identityOf(request).userId, userId: request.params.userId }
        const { user } = await clients.user.getProfile(query, { signal: clientGone(request) })
        return userView(user)
      },
    )
  }
}
