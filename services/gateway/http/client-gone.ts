import type { FastifyInstance, FastifyRequest } from 'fastify'

/**
 * Whether the client still waits. Fastify's own `request.signal` aborts on the close of the request stream, which is as soon as
 * its body has been read: every call that it guards would be cut off at once.
 */
export function watchClients(app: FastifyInstance): void {
  app.decorateRequest('gone', null)
  app.addHook('onRequest', async (request, reply) => {
    const controller = new AbortController()
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) controller.abort()
    })
    request.setDecorator('gone', controller.signal)
  })
}

/** Aborts when the client hangs up before its answer. */
export function clientGone(request: FastifyRequest): AbortSignal {
  return request.getDecorator<AbortSignal>('gone')
}
