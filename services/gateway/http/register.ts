import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { AppError } from '#infra/errors/index.ts'
import type { HttpDeps } from '../ports.ts'
import { openSubtree } from './access.ts'
import { watchClients } from './client-gone.ts'
import { createRunCommand } from './commands.ts'
import { takeOnlyWhatIsDescribed } from './described-only.ts'
import { docsRoutes } from './docs.ts'
import { sendFailure } from './failures.ts'
import { refuseGuests, requireAdmin, requireBearer } from './identity.ts'
import { parseJsonBody } from './json-body.ts'
import { limitRates } from './limit-rates.ts'
import { refuseOtherMethods } from './method-not-allowed.ts'
import { describeApi } from './openapi.ts'
import { corsOptions } from './origins.ts'
import { logRequests } from './request-log.ts'
import { authRoutes } from './routes/auth.ts'
import { conversationRoutes } from './routes/conversations.ts'
import { deviceRoutes } from './routes/devices.ts'
import { groupSettingRoutes } from './routes/group-settings.ts'
import { groupRoutes } from './routes/groups.ts'
import { joinRequestRoutes } from './routes/join-requests.ts'
import { limitRoutes } from './routes/limits.ts'
import { memberRightRoutes } from './routes/member-rights.ts'
import { membershipRoutes } from './routes/memberships.ts'
import { messageRoutes } from './routes/messages.ts'
import { ownSessionRoutes } from './routes/own-session.ts'
import { suspensionRoutes } from './routes/suspensions.ts'
import { syncRoutes } from './routes/sync.ts'
import { taskSignalRoutes } from './routes/task-signals.ts'
import { taskRoutes } from './routes/tasks.ts'
import { ticketRoutes } from './routes/tickets.ts'
import { userRoutes } from './routes/users.ts'
import { components } from './schemas/index.ts'
import { validatorCompiler } from './validation.ts'

/**
 * Puts REST on an app of createHttpApp, in a scope of its own: its hooks do not run for what else the app serves.
 * Who may call a route is decided by the subtree that it stands in, and shown in `config.access`.
 */
export async function registerHttp(app: FastifyInstance, deps: HttpDeps): Promise<void> {
  await app.register(async (rest) => {
    rest.decorateRequest('identity', null)
    rest.decorateRequest('failure', null)
    rest.setValidatorCompiler(validatorCompiler)
    rest.setErrorHandler(sendFailure)
    rest.setNotFoundHandler(() => {
      throw new AppError('NOT_FOUND')
    })
    rest.removeAllContentTypeParsers()
    rest.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
      parseJsonBody(body),
    )
    for (const { schema } of components) rest.addSchema(schema)

    rest.addHook('onRequest', async (request, reply) => {
      reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' })
    })
    watchClients(rest)
    logRequests(rest, deps)
    limitRates(rest, deps.rates)
    rest.addHook('onRequest', async ({ ws }) => {
      // @fastify/websocket would open a socket on any route, close it, and log the URL as the client wrote it.
      if (ws) throw new AppError('NOT_FOUND', { message: 'There is no WebSocket here.' })
    })
    await rest.register(helmet, {
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    })
    await rest.register(cors, corsOptions(deps.isOriginAllowed))
    await rest.register(swagger, describeApi())

    takeOnlyWhatIsDescribed(rest)
    const routes: RouteOptions[] = []
    await rest.register(async (subtree) => {
      openSubtree(subtree, 'public', routes)
      await registerPublic(subtree, deps)
    })
    await rest.register(async (subtree) => {
      openSubtree(subtree, 'bearer', routes)
      requireBearer(subtree, deps.accessTokens, deps.sessions)
      refuseGuests(subtree)
      await registerProtected(subtree, deps)
    })
    await rest.register(async (subtree) => {
      openSubtree(subtree, 'admin', routes)
      requireBearer(subtree, deps.accessTokens, deps.sessions)
      requireAdmin(subtree)
      await subtree.register(suspensionRoutes(deps))
      await subtree.register(taskRoutes(deps))
      await subtree.register(taskSignalRoutes(deps))
    })
    refuseOtherMethods(rest, routes)
  })
}

async function registerPublic(app: FastifyInstance, deps: HttpDeps): Promise<void> {
  await app.register(limitRoutes(deps))
  await app.register(authRoutes(deps))
  await app.register(docsRoutes)
}

async function registerProtected(app: FastifyInstance, deps: HttpDeps): Promise<void> {
  const runCommand = createRunCommand(deps.requests, deps.config.GOCHAT_ACK_TIMEOUT_MS)
  await app.register(ticketRoutes(deps))
  await app.register(ownSessionRoutes(deps))
  await app.register(deviceRoutes(deps))
  await app.register(userRoutes(deps))
  await app.register(conversationRoutes(deps))
  await app.register(messageRoutes({ ...deps, runCommand }))
  await app.register(groupRoutes(deps))
  await app.register(groupSettingRoutes({ runCommand }))
  await app.register(membershipRoutes({ runCommand }))
  await app.register(memberRightRoutes({ runCommand }))
  await app.register(joinRequestRoutes({ ...deps, runCommand }))
  await app.register(syncRoutes(deps))
}
