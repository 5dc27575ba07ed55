import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { limits } from '#proto/frames/index.ts'
import { clientGone } from '../client-gone.ts'
import type { HttpDeps } from '../../ports.ts'
import { identityOf } from '../identity.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { HeadPage, SyncRequest } from '../schemas/message.ts'
import { headView } from '../views.ts'

export function syncRoutes({ clients }: Pick<HttpDeps, 'clients'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/sync',
      {
        schema: {
          operationId: 'sync',
          tags: ['messages'],
          summary: 'Sync',
          description:
            'Where the own conversations stand: those that differ from `have`, and all that it does not name.',
          body: SyncRequest,
          response: { 200: answer('A page.', HeadPage), ...failures(['bearer', 'body']) },
        },
      },
      async (request) => {
        const { have, afterId = '' } = request.body
        const query = { actorId: identityOf(request).userId, have, afterId, limit: limits.maxHeadsPage }
        const { heads, hasMore, nextAfterId } = await clients.message.getHeads(query, { signal: clientGone(request) })
        return { conversations: heads.map(headView), ...(hasMore ? { nextAfterId } : {}) }
      },
    )
  }
}
