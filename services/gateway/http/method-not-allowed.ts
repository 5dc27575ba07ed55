import type { FastifyInstance, HTTPMethods, RouteOptions } from 'fastify'
import { AppError } from '#infra/errors/index.ts'
import { sendFailure } from './failures.ts'

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Gives every path of these routes an answer to the methods that it does not have, before the body is read. */
export function refuseOtherMethods(app: FastifyInstance, routes: readonly RouteOptions[]): void {
  for (const [url, routesOfUrl] of Map.groupBy(routes, (route) => route.url)) {
    const allowed = routesOfUrl.flatMap((route) => route.method)
    const allow = allowed.join(', ')
    app.route({
      method: methods.filter((method) => !allowed.includes(method)),
      url,
      schema: { hide: true },
      onRequest: async (request, reply) => {
        const failure = new AppError('NOT_FOUND', {
          message: 'This resource does not have that method.',
          details: { allow },
        })
        return sendFailure(failure, request, reply.header('allow', allow), 405)
      },
      handler: async () => undefined,
    })
  }
}
