import type { FastifyInstance, RouteOptions } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route; set by the subtree that it stands in. */
    access?: Access
    /** All that the route may answer, for the documentation. */
    responses?: object
  }
}

/** registered: a bearer token of who is no guest. admin: one that says so. */
export type Access = 'public' | 'bearer' | 'registered' | 'admin'

/** What stands in the bearer subtree and is not for guests: to make a group, to look for people, to have a password. */
export const registeredOnly: ReadonlySet<string> = new Set(['POST /groups', 'GET /users', 'POST /auth/password'])

const handlerTimeoutMs = 15_000

/**
 * Marks every route that is put on `app` from now on, and lists it. Only good answers keep their schema: refusals all have
 * the one shape that failures.ts gives them, and compiling it ten times a route is most of what starting takes.
 */
export function openSubtree(app: FastifyInstance, access: Access, routes: RouteOptions[]): void {
  app.addHook('onRoute', (route) => {
    const responses = route.schema?.response as Record<string, unknown> | undefined
    if (responses === undefined) throw new Error(`${String(route.method)} ${route.url} has no response schemas`)
    const isForRegistered = access === 'bearer' && registeredOnly.has(`${String(route.method)} ${route.url}`)
    route.config = { ...route.config, access: isForRegistered ? 'registered' : access, responses }
    route.handlerTimeout ??= handlerTimeoutMs
    route.schema = {
      ...route.schema,
      ...(access === 'public' ? {} : { security: [{ bearer: [] }] }),
      response: Object.fromEntries(Object.entries(responses).filter(([status]) => status.startsWith('2'))),
    }
    routes.push(route)
  })
}
