import type { AddressInfo } from 'node:net'
import { defaultLiveSettings, liveSettings, liveSettingsKey } from '#delivery/live-settings.ts'
import { createLiveConfig } from '#infra/config/index.ts'
import { createEtcdRegistry } from '#infra/discovery/index.ts'
import type { AppError } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics, Readiness } from '#infra/metrics/index.ts'
import { createAccessTokens } from './access-tokens.ts'
import { createAckProbe } from './ack-probe.ts'
import { limitsProfile, type GatewayConfig } from './config.ts'
import { createDownstream } from './downstream.ts'
import { createHistory } from './history.ts'
import { createHttpApp, registerHttp } from './http/index.ts'
import { createRates } from './rates.ts'
import { createRequests } from './requests.ts'
import type { Servers } from './servers.ts'
import { createSessions } from './sessions.ts'
import { holdSlot, type SlotHolder } from './slot-holder.ts'
import { createUpstream } from './upstream.ts'
import { createOriginCheck } from './ws/origins.ts'
import { createSockets, type Timing } from './ws/sockets.ts'

/** One gateway. Disposing it sends its clients away first; it may be asked for twice. */
export interface Gateway extends AsyncDisposable {
  readonly port: number
  readiness(): Readiness
}

export interface GatewayOptions {
  readonly config: GatewayConfig
  readonly servers: Servers
  readonly log: Logger
  readonly metrics: Metrics
  /** Ends the waiting for a slot. */
  readonly signal: AbortSignal
  /** The downstream consumer stands still for good: only a new process helps. */
  readonly onCrash: (error: AppError) => void
  /** Default: as published in the hello frame. */
  readonly timing?: Timing
}

/** Resolves when the slot is held, its topic is read, and clients can come. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, servers, log, metrics, signal, onCrash } = options
  const { etcd, bus, routes, heardMarks, tickets, clients, tasks } = servers
  const { GOCHAT_INSTANCE: instance, GOCHAT_GATEWAY_HOST: host, GOCHAT_ADVERTISED_HOST: advertised } = config
  let holder: SlotHolder | undefined
  let isDraining = false
  // What is started here ends here, should a later step fail.
  await using starting = new AsyncDisposableStack()

  const live = starting.use(
    await createLiveConfig({
      etcd,
      key: liveSettingsKey,
      schema: liveSettings,
      defaults: defaultLiveSettings,
      log,
      metrics,
    }),
  )
  const rates = createRates({ profile: limitsProfile(config), standard: live.current.rates })
  starting.defer(live.onChange((settings) => rates.change(settings.rates)))
  const accessTokens = createAccessTokens({
    secret: config.GOCHAT_ACCESS_TOKEN_SECRET,
    otherSecrets: config.GOCHAT_ACCESS_TOKEN_OTHER_SECRETS ?? [],
  })
  const sessions = createSessions({ service: clients.session, log, metrics })
  const isOriginAllowed = createOriginCheck({
    allowed: config.GOCHAT_ALLOWED_ORIGINS,
    isProduction: config.GOCHAT_MODE === 'production',
  })
  const place = () => holder?.place ?? { slot: 0, epoch: 0 }
  const acks = createAckProbe(metrics)
  const upstream = createUpstream({
    producer: await bus.producer(),
    partitions: config.GOCHAT_UPSTREAM_PARTITIONS,
    minGapMs: config.GOCHAT_UPSTREAM_GAP_MS,
    eagerAt: config.GOCHAT_UPSTREAM_EAGER_AT,
    place,
    onRefused({ connection, request }, answer) {
      if (connection === 0) requests.resolve(request, answer)
      else sockets.hub.reply(connection, Buffer.from(JSON.stringify(answer)))
    },
    acks,
    log,
    metrics,
  })
  const requests = createRequests(upstream)
  const history = createHistory(clients.message)
  const sockets = starting.use(
    createSockets({
      instance,
      upstream,
      accessTokens,
      sessions,
      tickets,
      rates,
      clients,
      history,
      routes,
      heardMarks,
      place,
      isOriginAllowed,
      log,
      metrics,
      routeTtlSeconds: config.GOCHAT_ROUTE_TTL_SECONDS,
      ...(options.timing === undefined ? {} : { timing: options.timing }),
    }),
  )
  const downstream = createDownstream({
    hub: sockets.hub,
    audiences: sockets.audiences,
    sessionWatch: sockets.sessionWatch,
    onAnswer: requests.resolve,
    isOwnEpoch: (epoch) => holder?.isOwnEpoch(epoch) ?? false,
    onGap: () => sockets.missed('gap'),
    acks,
    log,
    metrics,
  })

  const app = createHttpApp({ log })
  await sockets.register(app)
  await registerHttp(app, {
    config,
    isOriginAllowed,
    clients,
    tasks,
    requests,
    history,
    accessTokens,
    sessions,
    tickets,
    rates,
    live,
    log,
    metrics,
  })

  holder = await holdSlot(
    {
      etcd,
      bus,
      instance,
      log,
      onCrash,
      slots: config.GOCHAT_SLOTS,
      address: `${advertised}:${config.GOCHAT_GATEWAY_PORT}`,
      onRecords: downstream.take,
      onMoved: () => void sockets.moved(),
      onRejoined: () => sockets.missed('consumer'),
    },
    signal,
  )
  starting.use(holder)
  starting.defer(() => app.close())
  await sockets.watchRedis()
  await app.listen({ host, port: config.GOCHAT_GATEWAY_PORT })
  const { port } = app.server.address() as AddressInfo
  const registration = await createEtcdRegistry(etcd, { log }).register('gateway', instance, `${advertised}:${port}`)

  /** Clients first, while answers still come in; then what they sent; the slot last. */
  async function stop(): Promise<void> {
    isDraining = true
    await registration.setDraining().catch((error: unknown) => log.warn({ err: error }, 'cannot register as draining'))
    const closed = app.close()
    await sockets.drain(config.GOCHAT_DRAIN_MS)
    await upstream.close(2000)
    requests[Symbol.dispose]()
    await closed
    await sockets[Symbol.asyncDispose]()
    await holder?.[Symbol.asyncDispose]()
    await registration[Symbol.asyncDispose]()
    await live[Symbol.asyncDispose]()
  }

  // From here on stop() ends it all, in its own order.
  starting.move()
  let stopped: Promise<void> | undefined
  return {
    port,
    readiness: () => ({ isReady: !isDraining, reasons: reasonsOf(isDraining, holder) }),
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  }
}

/** Without its slot a gateway is degraded, not down: nobody must be sent away because etcd is. */
function reasonsOf(isDraining: boolean, holder: SlotHolder | undefined): string[] {
  return [
    ...(isDraining ? ['draining'] : []),
    ...(holder?.isHeld === false ? ['the slot is lost'] : []),
    ...(holder?.isReading === false ? ['the downstream topic is not read'] : []),
  ]
}
