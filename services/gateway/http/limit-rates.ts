import type { FastifyInstance } from 'fastify'
import { AppError } from '#infra/errors/index.ts'
import type { Rates } from '../ports.ts'

/** So many requests per address, before anything else is done for them; every answer says what is left. */
export function limitRates(app: FastifyInstance, rates: Rates): void {
  app.addHook('onRequest', async (request, reply) => {
    const use = rates.takeRequest(request.ip)
    reply.headers({
      'ratelimit-policy': `${use.limit};w=${use.windowSeconds}`,
      'ratelimit-limit': use.limit,
      'ratelimit-remaining': use.remaining,
      'ratelimit-reset': Math.ceil((use.waitMs || use.windowSeconds * 1000) / 1000),
    })
    refuseWhen(use.waitMs)
  })
}

/** Throws RATE_LIMITED unless there is nothing to wait for. */
export function refuseWhen(waitMs: number): void {
  if (waitMs > 0) throw new AppError('RATE_LIMITED', { retryAfterMs: waitMs })
}
