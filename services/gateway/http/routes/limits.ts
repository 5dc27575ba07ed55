import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { limits } from '#proto/frames/index.ts'
import type { HttpDeps } from '../../ports.ts'
import { loopbackRate } from '../../rates.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { PublishedLimits } from '../schemas/gateway.ts'

export function limitRoutes({ rates, live }: Pick<HttpDeps, 'rates' | 'live'>): FastifyPluginAsyncTypebox {
  const { profile } = rates
  const published = () => ({
    profile,
    limits: { ...limits, largeGroupThreshold: live.current.largeGroupThreshold },
    rates: rates.standard,
    ...(profile === 'loopback' ? { loopbackRate } : {}),
  })
  return async (app) => {
    app.get(
      '/limits',
      {
        schema: {
          operationId: 'getLimits',
          tags: ['limits'],
          summary: 'Limits',
          description: 'What this server takes, and how often.',
          response: { 200: answer('The limits.', PublishedLimits.ref), ...failures([]) },
        },
      },
      async () => published(),
    )
  }
}
