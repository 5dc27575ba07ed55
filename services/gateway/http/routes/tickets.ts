import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { HttpDeps } from '../../ports.ts'
import { identityOf } from '../identity.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { Ticket } from '../schemas/gateway.ts'

export function ticketRoutes({ tickets }: Pick<HttpDeps, 'tickets'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/ws-tickets',
      {
        schema: {
          operationId: 'issueTicket',
          tags: ['auth'],
          summary: 'WebSocket ticket',
          description: 'A ticket for one WebSocket handshake, for browsers: a token never belongs in a URL.',
          response: { 201: answer('The ticket.', Ticket.ref), ...failures(['bearer', 'body']) },
        },
      },
      async (request, reply) => {
        const { ticket, expiresAtMs } = await tickets.issue(identityOf(request))
        return reply.code(201).send({ ticket, expiresAt: expiresAtMs })
      },
    )
  }
}
