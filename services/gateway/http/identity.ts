import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '#infra/errors/index.ts'
import type { AccessTokens, Identity } from '../ports.ts'

/** From here down, a route runs only for who shows a good access token. */
export function requireBearer(app: FastifyInstance, accessTokens: AccessTokens): void {
  app.addHook('onRequest', async (request, reply) => {
    const token = /^Bearer ([^ ]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    try {
      if (token === undefined) throw new AppError('UNAUTHENTICATED')
      request.setDecorator('identity', await accessTokens.verify(token))
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

/** Who is asking. Throws where no bearer token was required: a route can forget to ask, never to check. */
export function identityOf(request: FastifyRequest): Identity {
  const identity = request.getDecorator<Identity | null>('identity')
  if (identity === null) throw new AppError('INTERNAL', { message: 'the route requires no bearer token' })
  return identity
}
