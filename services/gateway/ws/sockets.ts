import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import type { HeardMarks } from '#delivery/heard.ts'
import type { Place, RouteWriter } from '#delivery/routes.ts'
import { AppError, errorEntry } from '#infra/errors/index.ts'
import { every } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { limits } from '#proto/frames/index.ts'
import type { AccessTokens, History, LogicClients, Rates, Tickets, Upstream } from '../ports.ts'
import type { SessionBook } from '../sessions.ts'
import { createAudiences, type Audiences } from './audiences.ts'
import { createFrameParser } from './client-frames.ts'
import { WsSocket } from './client-socket.ts'
import { createCoalescer } from './coalesce.ts'
import type { Connection } from './connection.ts'
import { drain } from './drain.ts'
import { createFrameCounts } from './frame-counts.ts'
import { createFrameHandler } from './frame-handler.ts'
import { createHeartbeat } from './heartbeat.ts'
import { createHub, type Hub } from './hub.ts'
import { createLogin } from './login.ts'
import { createPresence } from './presence.ts'
import { createQueries } from './queries.ts'
import { createResync, type ResyncReason } from './resync.ts'
import { Session } from './session.ts'
import { createSessionWatch, type SessionWatch } from './session-watch.ts'
import { registerSocketRoute } from './socket-route.ts'
import { createStrangers } from './strangers.ts'
import { createWriter, type Outgoing } from './writer.ts'

/** Everything about WebSockets, put together. */
export interface Sockets extends AsyncDisposable {
  readonly hub: Hub
  readonly audiences: Pick<Audiences, 'deliver'>
  readonly sessionWatch: Pick<SessionWatch, 'end'>
  /** Looks at Redis a first time, so that whatever it loses from now on is noticed. To be awaited before clients come. */
  watchRedis(): Promise<void>
  /** Puts `GET /ws` on the app. */
  register(app: FastifyInstance): Promise<void>
  /** Records for this gateway may have been missed: everybody is told to sync, and who has been logged out is looked for. */
  missed(reason: 'gap' | 'consumer'): void
  /** Slot or epoch are new: all routes are written again, then as for what was missed. */
  moved(): Promise<void>
  /** No new sockets; the open ones are sent away over so many milliseconds. */
  drain(drainMs: number): Promise<void>
}

export interface SocketsDeps {
  readonly instance: string
  readonly upstream: Upstream
  readonly accessTokens: AccessTokens
  readonly sessions: SessionBook
  readonly tickets: Tickets
  readonly rates: Rates
  readonly clients: Pick<LogicClients, 'message' | 'audience'>
  readonly history: History
  readonly heardMarks: HeardMarks
  readonly routes: RouteWriter
  readonly routeTtlSeconds: number
  readonly place: () => Place
  readonly isOriginAllowed: (origin: string) => boolean
  readonly timing?: Timing
  readonly log: Logger
  readonly metrics: Metrics
}

export interface Timing {
  readonly authTimeoutMs: number
  readonly pingIntervalMs: number
  readonly pongTimeoutMs: number
  /** How often is looked who is due, what was gathered is sent, and Redis is checked. */
  readonly tickMs: number
  /** How often the sessions of all sockets are looked after. */
  readonly sessionCheckMs: number
}

const defaultTiming: Timing = {
  authTimeoutMs: 5000,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 10_000,
  tickMs: 1000,
  sessionCheckMs: 30_000,
}

export function createSockets(deps: SocketsDeps): Sockets {
  const { upstream, rates, log, metrics, timing = defaultTiming } = deps
  const { authTimeoutMs, pingIntervalMs, pongTimeoutMs, tickMs, sessionCheckMs } = timing
  const slow = metrics.counter(
    'gochat_gateway_slow_consumers_total',
    'Sockets closed because their client reads too slowly',
  )
  const open = metrics.gauge('gochat_gateway_connections', 'Open client sockets')

  const counts = createFrameCounts(metrics)
  const writer = createWriter({ onSlow: closeSlow, metrics })
  const hub = createHub({ writer, counts })
  const resync = createResync(metrics)
  const heartbeat = createHeartbeat({ pingIntervalMs, pongTimeoutMs, tickMs })
  const strangers = createStrangers({ authTimeoutMs, isLoopbackTrusted: rates.profile === 'loopback' })
  const coalescer = createCoalescer(upstream)
  const presence = createPresence({
    routes: deps.routes,
    hub,
    place: deps.place,
    onMissing: (userIds) => tell('route', userIds),
    onRedisLost: () => tell('redis'),
    log,
  })
  const audiences = createAudiences({
    hub,
    writer,
    counts,
    service: deps.clients.audience,
    marks: deps.heardMarks,
    place: deps.place,
    onMissed: (userIds) => tell('audience', userIds),
    log,
    metrics,
  })
  const { accessTokens, sessions, tickets } = deps
  const sessionWatch = createSessionWatch({ hub, sessions })
  const login = createLogin({ accessTokens, sessions, tickets, hub, presence, audiences })
  const handler = createFrameHandler({
    upstream,
    rates,
    coalescer,
    queries: createQueries(deps.clients.message, deps.history),
  })
  const sessionDeps = { parse: createFrameParser(), login, handler, counts, onReady: strangers.remove }
  let isDraining = false

  /** Without an error frame: it would wait behind what the client does not read. */
  function closeSlow({ socket }: Outgoing): void {
    slow.inc()
    socket.close(errorEntry('SLOW_CONSUMER').close ?? 1011, 'SLOW_CONSUMER')
  }

  function tell(reason: ResyncReason, userIds?: readonly string[]): void {
    resync.tell(userIds === undefined ? hub.all() : userIds.flatMap((userId) => [...hub.ofUser(userId)]), reason)
  }

  function leave(connection: Connection): void {
    strangers.remove(connection)
    heartbeat.remove(connection)
    hub.close(connection)
    if (connection.identity === undefined) return
    audiences.leave(connection.identity.userId)
    void presence.update(connection.identity.userId)
  }

  function onSocket(ws: WebSocket, tcp: Socket, ip: string, ticket: string | undefined): void {
    const connection = hub.open(new WsSocket(ws, tcp), ip)
    const session = new Session(connection, sessionDeps)
    ws.on('message', (data, isBinary) => {
      try {
        session.receive(data as Buffer, isBinary)
      } catch (error) {
        // One client's frame must not end the process.
        log.error({ err: error }, 'a frame could not be handled')
        connection.closeWith(new AppError('INTERNAL'))
      }
    })
    ws.on('close', () => leave(connection))
    heartbeat.add(connection)
    connection.send({
      t: 'hello',
      protocol: 1,
      node: deps.instance,
      serverTime: Date.now(),
      authTimeoutMs,
      heartbeat: { pingIntervalMs, pongTimeoutMs },
      limits,
    })
    if (!strangers.add(connection)) connection.closeWith(new AppError('TOO_MANY_CONNECTIONS'))
    else if (ticket !== undefined) session.useTicket(ticket)
  }

  function admit(ip: string, origin: string | undefined): void {
    if (isDraining) throw new AppError('DRAINING')
    if (origin !== undefined && !deps.isOriginAllowed(origin)) throw new AppError('ORIGIN_NOT_ALLOWED')
    if (!rates.takeConnection(ip)) throw new AppError('RATE_LIMITED')
  }

  const loopOptions = { onError: (error: unknown) => log.error({ err: error }, 'a loop of the sockets failed') }
  const loops = new AsyncDisposableStack()
  loops.use(resync)
  loops.use(audiences)
  loops.use(every(tickMs, tick, loopOptions))
  loops.use(every(tickMs, () => presence.tick(), loopOptions))
  loops.use(every((deps.routeTtlSeconds * 1000) / 3, async () => void (await presence.refresh()), loopOptions))
  loops.use(every(sessionCheckMs, () => sessionWatch.checkAll(), loopOptions))
  loops.defer(metrics.onScrape(() => open.set(hub.size)))

  function tick(): void {
    heartbeat.tick()
    strangers.tick()
    coalescer.flush()
    audiences.tick()
  }

  return {
    hub,
    audiences,
    sessionWatch,
    watchRedis: () => presence.tick(),
    register: (app) => registerSocketRoute(app, { onSocket, admit }),
    missed(reason) {
      audiences.forgetHeard()
      tell(reason)
      void sessionWatch.checkAll()
    },
    async moved() {
      audiences.forgetHeard()
      await presence.refresh()
      tell('slot')
      await sessionWatch.checkAll()
    },
    async drain(drainMs) {
      isDraining = true
      await drain(hub, drainMs)
      coalescer.flush()
    },
    [Symbol.asyncDispose]: () => loops.disposeAsync(),
  }
}
