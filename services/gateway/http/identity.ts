import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '#infra/errors/index.ts'
import type { AccessTokens, Identity, Sessions } from '../ports.ts'

/** From here down, a route runs only for who shows a good access token of a session that has not ended. */
export function requireBearer(app: FastifyInstance, accessTokens: AccessTokens, sessions: Sessions): void {
  app.addHook('onRequest', async (request, reply) => {
    const token = /^Bearer ([^ ]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    try {
      if (token === undefined) throw new AppError('UNAUTHENTICATED')
      const identity = await accessTokens.verify(token)
      await sessions.require(identity)
      request.setDecorator('identity', identity)
    } catch (error) {
      reply.header('www-authenticate', 'Bearer')
      throw error
    }
  })
}

/** From here down, behind requireBearer, a route runs only for admins. */
export function requireAdmin(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (!identityOf(request).isAdmin) throw new AppError('FORBIDDEN', { message: 'This is for admins.' })
  })
}

/** From here down, behind requireBearer, routes that are for registered users refuse guests. */
export function refuseGuests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.access !== 'registered' || !identityOf(request).isGuest) return
    throw new AppError('FORBIDDEN', { message: 'This is not for guests.' })
  })
}

/** Who is asking. Throws where no bearer token was required: a route can forget to ask, never to check. */
export function identityOf(request: FastifyRequest): Identity {
  const identity = request.getDecorator<Identity | null>('identity')
  if (identity === null) throw new AppError('INTERNAL', { message: 'the route requires no bearer token' })
  return identity
}
