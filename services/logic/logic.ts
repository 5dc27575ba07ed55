import { createEmitter } from '#delivery/emit.ts'
import { defaultLiveSettings, liveSettings, liveSettingsKey } from '#delivery/live-settings.ts'
import { topics } from '#delivery/topics.ts'
import { createLiveConfig } from '#infra/config/index.ts'
import { createEtcdRegistry } from '#infra/discovery/index.ts'
import { AppError } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics, Readiness } from '#infra/metrics/index.ts'
import { startRpcServer } from '#infra/rpc/index.ts'
import { passwordCost, type LogicConfig } from './config.ts'
import { createPipeline } from './pipeline/pipeline.ts'
import { createAccessTokenSigner } from './rpc/access-tokens.ts'
import { createAnnounce } from './rpc/announce.ts'
import { createPasswords } from './rpc/passwords.ts'
import { createRevoke } from './rpc/revocations.ts'
import { createServices } from './rpc/services.ts'
import { connectRepoPort } from './repo-port.ts'
import { createPoisonReporter } from './report-poison.ts'
import type { Servers } from './servers.ts'

/** One logic process. Disposing it finishes the batch under way; it may be asked for twice. */
export interface Logic extends AsyncDisposable {
  readonly rpcPort: number
  readiness(): Readiness
}

export interface LogicOptions {
  readonly config: LogicConfig
  readonly servers: Servers
  readonly log: Logger
  readonly metrics: Metrics
  /** The consumer or the pump stands still for good: only a new process helps. */
  readonly onCrash: (error: AppError) => void
}

/** How long calls under way may take when stopping. */
const drainMs = 2000

/** Resolves when commands are read and gRPC is served. */
export async function startLogic(options: LogicOptions): Promise<Logic> {
  const { config, servers, log, metrics, onCrash } = options
  const { etcd, bus, routes, slots, repo } = servers
  const { GOCHAT_INSTANCE: instance, GOCHAT_UPSTREAM_PARTITIONS: partitions } = config
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
  const producer = await bus.producer()
  const admin = await bus.admin()
  const consumer = starting.use(await bus.consumer())
  requirePartitions(partitions, (await admin.watermarks(topics.upstream)).length)

  const pipeline = starting.use(
    createPipeline({
      topic: topics.upstream,
      partitions,
      consumer,
      watermarks: () => admin.watermarks(topics.upstream),
      repo: connectRepoPort(repo, instance),
      threshold: () => live.current.largeGroupThreshold,
      openAppendStream: () => repo.messages.appendStream(),
      emitter: createEmitter({ transport: producer, routes, slots, metrics }),
      reportPoison: createPoisonReporter({ poison: repo.poison, producer }),
      metrics,
      log: log.child({ part: 'pipeline' }),
      onCrash,
    }),
  )
  const rpc = await startRpcServer({
    port: config.GOCHAT_LOGIC_RPC_PORT,
    host: config.GOCHAT_LOGIC_RPC_HOST,
    services: createServices({
      ...repo,
      passwords: createPasswords({ cost: passwordCost(config) }),
      tokens: createAccessTokenSigner({ secret: config.GOCHAT_ACCESS_TOKEN_SECRET }),
      announce: createAnnounce({ producer, topic: topics.upstream, partitions }),
      revoke: createRevoke({ transport: producer, slots, log, metrics }),
      log,
      metrics,
    }),
    log,
    metrics,
  })
  starting.defer(() => rpc.drain(drainMs))
  await consumer.run({
    groupId: 'gochat-logic',
    topics: [topics.upstream],
    startAt: 'committed',
    onAssigned: (assigned, generation) =>
      pipeline.onAssigned(assigned.find(({ topic }) => topic === topics.upstream)?.partitions ?? [], generation),
    onRecords: pipeline.onRecords,
    onCrash,
  })
  const address = `${config.GOCHAT_ADVERTISED_HOST}:${rpc.port}`
  starting.use(await createEtcdRegistry(etcd, { log }).register('logic', instance, address))

  const stack = starting.move()
  return {
    rpcPort: rpc.port,
    readiness() {
      if (stack.disposed) return { isReady: false, reasons: ['stopping'] }
      return pipeline.isReady
        ? { isReady: true, reasons: [] }
        : { isReady: false, reasons: ['no partitions claimed yet'] }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** With another number a conversation would be looked for in a partition where it is not. */
function requirePartitions(wanted: number, actual: number): void {
  if (wanted === actual) return
  throw new AppError('INTERNAL', {
    message: `GOCHAT_UPSTREAM_PARTITIONS is ${wanted}, but ${topics.upstream} was made with ${actual} partitions: give that number, or start anew without data.`,
  })
}
