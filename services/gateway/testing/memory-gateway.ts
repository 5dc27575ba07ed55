import { SignJWT } from 'jose'
import { memoryHeardMarks, type HeardMarks } from '#delivery/heard.ts'
import { memoryRoutes, type MemoryRoutes } from '#delivery/memory-routes.ts'
import { watchSlots } from '#delivery/slot-view.ts'
import { topicSpecs } from '#delivery/topics.ts'
import { readConfig } from '#infra/config/index.ts'
import { memoryEtcd, type EtcdLease, type MemoryEtcd } from '#infra/discovery/index.ts'
import { AppError } from '#infra/errors/index.ts'
import { createMemoryBus, type Bus } from '#infra/kafka/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { connectInMemory, type Handlers } from '#infra/rpc/index.ts'
import { silentLogger, testMetrics } from '#infra/testing/index.ts'
import { accessTokenFormat as format, accessTokenKeyId } from '#proto/access-token.ts'
import { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { SessionService } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import { schema } from '../config.ts'
import { startGateway, type Gateway } from '../gateway.ts'
import type { HttpDeps, Identity, LogicClients, Tickets } from '../ports.ts'
import type { Timing } from '../ws/sockets.ts'
import { startScriptedLogic, type ScriptedLogic } from './scripted-logic.ts'
import { scriptedMembers, type ScriptedMembers } from './scripted-members.ts'

export const secret = 'a-key-for-tests-of-at-least-32-bytes'
export const ann = '7000000000000000001'
export const bob = '7000000000000000002'
export const room = '7100000000000000001'

/** A whole gateway on a free port, whose Kafka, Redis, etcd and logic are in this process. */
export interface MemoryGateway extends AsyncDisposable {
  readonly gateway: Gateway
  readonly port: number
  readonly bus: Bus
  readonly etcd: TestEtcd
  readonly routes: MemoryRoutes
  readonly tickets: Tickets
  readonly logic: ScriptedLogic
  readonly members: ScriptedMembers
  readonly heardMarks: HeardMarks
  readonly metrics: Metrics
}

export interface MemoryGatewayOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly timing?: Partial<Timing>
  readonly message?: Partial<Handlers<typeof MessageService>>
  /** Sessions that logic calls ended when it is asked; all others are live. */
  readonly ended?: ReadonlySet<string>
  /** Those of another gateway, to share them. */
  readonly etcd?: TestEtcd
  readonly bus?: Bus
}

export async function startMemoryGateway(options: MemoryGatewayOptions = {}): Promise<MemoryGateway> {
  const log = silentLogger()
  const metrics = testMetrics()
  const { etcd = testEtcd(), bus = createMemoryBus() } = options
  const routes = memoryRoutes()
  const tickets = memoryTickets()
  await (await bus.admin()).ensureTopics(topicSpecs({ upstreamPartitions: 4, slots: 2, replicationFactor: 1 }))
  const slots = await watchSlots(etcd)
  const logic = await startScriptedLogic({ bus, routes, slots, conversationIds: [room], members: [ann, bob] })
  const message = connectInMemory(MessageService, { getHeads: unexpected, getPages: unexpected, ...options.message })
  const members = scriptedMembers()
  const audience = connectInMemory(AudienceService, members.handlers)
  const session = connectInMemory(SessionService, scriptedSessions(options.ended))
  const heardMarks = memoryHeardMarks()
  const gateway = await startGateway({
    config: readConfig(schema, testEnv(options.env)),
    // REST is not what these tests are about.
    servers: {
      etcd,
      bus,
      routes,
      heardMarks,
      tickets,
      clients: { message, audience, session } as unknown as LogicClients,
      tasks: {} as HttpDeps['tasks'],
    },
    log,
    metrics,
    signal: new AbortController().signal,
    onCrash: (error) => {
      throw error
    },
    timing: {
      authTimeoutMs: 5000,
      pingIntervalMs: 25_000,
      pongTimeoutMs: 10_000,
      tickMs: 25,
      sessionCheckMs: 30_000,
      ...options.timing,
    },
  })
  return {
    gateway,
    bus,
    etcd,
    routes,
    tickets,
    logic,
    members,
    heardMarks,
    metrics,
    port: gateway.port,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await logic[Symbol.asyncDispose]()
      await bus[Symbol.asyncDispose]()
    },
  }
}

export function testEnv(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    GOCHAT_MODE: 'test',
    GOCHAT_INSTANCE: 'gateway-test',
    GOCHAT_REDIS_URL: 'redis://127.0.0.1:1',
    GOCHAT_ETCD_ENDPOINTS: '127.0.0.1:1',
    GOCHAT_KAFKA_BROKERS: '127.0.0.1:1',
    GOCHAT_ACCESS_TOKEN_SECRET: secret,
    GOCHAT_GATEWAY_PORT: '0',
    GOCHAT_UPSTREAM_PARTITIONS: '4',
    GOCHAT_SLOTS: '2',
    GOCHAT_DRAIN_MS: '50',
    ...env,
  }
}

/** A token as logic signs it. */
export function tokenFor(
  userId: string,
  options: { deviceId?: string; sessionId?: string; expiresInSeconds?: number } = {},
): Promise<string> {
  const { deviceId = 'phone', sessionId = userId, expiresInSeconds = 900 } = options
  return new SignJWT({ dev: deviceId, sid: sessionId })
    .setProtectedHeader({ alg: format.algorithm, typ: format.typ, kid: accessTokenKeyId(secret) })
    .setSubject(userId)
    .setIssuer(format.issuer)
    .setAudience(format.audience)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
    .sign(new TextEncoder().encode(secret))
}

export interface TestEtcd extends MemoryEtcd {
  expireAllLeases(): void
}

export function testEtcd(): TestEtcd {
  const etcd = memoryEtcd()
  const leases: EtcdLease[] = []
  return {
    ...etcd,
    async grantLease(ttlSeconds) {
      const lease = await etcd.grantLease(ttlSeconds)
      leases.push(lease)
      return lease
    },
    expireAllLeases: () => leases.splice(0).forEach((lease) => etcd.expireLease(lease)),
  }
}

function memoryTickets(): Tickets {
  const issued = new Map<string, Identity>()
  return {
    async issue(identity) {
      const ticket = String(issued.size + 1)
      issued.set(ticket, identity)
      return { ticket, expiresAtMs: identity.expiresAtMs }
    },
    async redeem(ticket) {
      const identity = issued.get(ticket)
      issued.delete(ticket)
      return identity
    },
  }
}

/** A logic for which all sessions are live but these. */
export function scriptedSessions(ended: ReadonlySet<string> = new Set()): Handlers<typeof SessionService> {
  return {
    async checkSessions({ sessionIds }) {
      const found = sessionIds.filter((id) => ended.has(id))
      return { ended: found.map((id) => ({ id, isSuspension: false })) }
    },
    listDevices: unexpected,
    nameDevice: unexpected,
    revokeDevice: unexpected,
    suspendUser: unexpected,
    restoreUser: unexpected,
  }
}

async function unexpected(): Promise<never> {
  throw new AppError('INTERNAL', { message: 'the test did not expect this question' })
}
