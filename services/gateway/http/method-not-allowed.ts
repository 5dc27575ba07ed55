import type { FastifyInstance, HTTPMethods, RouteOptions } from 'fastify'
import { AppError } from '#infra/errors/index.ts'

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'TRACE']

/** Gives every path of these routes an answer to the methods that it does not have, before the body is read. */
export function refuseOtherMethods(app: FastifyInstance, routes: readonly RouteOptions[]): void {
  for (const [url, routesOfUrl] of Map.groupBy(routes, (route) => route.url)) {
    const allowed = routesOfUrl.flatMap((route) => route.method)
    const allow = allowed.join(', ')
    app.route({
      method: methods.filter((method) => !allowed.includes(method)),
      url,
      schema: { hide: true },
      onRequest: async (_request, reply) => {
        reply.header('allow', allow)
        throw new AppError('METHOD_NOT_ALLOWED', { details: { allow } })
      },
      handler: async () => undefined,
    })
  }
}
