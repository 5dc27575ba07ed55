import type { FastifyCorsOptions } from '@fastify/cors'
import { AppError } from '#infra/errors/index.ts'

/** Pages of allowed origins may read every answer; from any other nothing is taken at all, as on the WebSocket. */
export function corsOptions(isOriginAllowed: (origin: string) => boolean): FastifyCorsOptions {
  return {
    origin(origin, decide) {
      if (origin === undefined) decide(null, false)
      else if (isOriginAllowed(origin)) decide(null, true)
      else decide(new AppError('ORIGIN_NOT_ALLOWED'), false)
    },
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type'],
    exposedHeaders: ['x-request-id', 'retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
    maxAge: 600,
  }
}
