import { createRoutes } from '#delivery/routes.ts'
import { watchSlots } from '#delivery/slot-view.ts'
import { topicSpecs } from '#delivery/topics.ts'
import { readConfig } from '#infra/config/index.ts'
import { connectEtcd } from '#infra/discovery/index.ts'
import { createKafkaBus, type Bus } from '#infra/kafka/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { connectRedis, type Redis } from '#infra/redis/index.ts'
import { connectInMemory } from '#infra/rpc/index.ts'
import { silentLogger, stackEnv, testMetrics, waitFor } from '#infra/testing/index.ts'
import { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import { SessionService } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import { schema } from '#services/gateway/config.ts'
import { startGateway, type Gateway } from '#services/gateway/gateway.ts'
import { connectServers } from '#services/gateway/servers.ts'
import { connectClient, type TestClient } from '#services/gateway/testing/client.ts'
import { scriptedSessions, testEnv, tokenFor } from '#services/gateway/testing/memory-gateway.ts'
import { prefixedBus } from '#services/gateway/testing/prefixed-bus.ts'
import { startScriptedLogic, type ScriptedLogic } from '#services/gateway/testing/scripted-logic.ts'
import { scriptedMembers, type ScriptedMembers } from '#services/gateway/testing/scripted-members.ts'

export interface TwoGateways {
  readonly redis: Redis
  readonly bus: Bus
  readonly logic: ScriptedLogic
  readonly members: ScriptedMembers
  readonly gateways: readonly { readonly gateway: Gateway; readonly metrics: Metrics }[]
  enter(gateway: number, userId: string): Promise<TestClient>
}

const log = silentLogger()

/** Two gateways on the real Kafka, Redis and etcd; logic, and who is in large conversations, are scripted. */
export async function startTwoGateways(
  stack: AsyncDisposableStack,
  names: { readonly base: string; readonly conversationIds: readonly string[]; readonly members: readonly string[] },
): Promise<TwoGateways> {
  const { kafkaBrokers: brokers, etcdEndpoints, redisUrl } = stackEnv()
  const redis = stack.use(await connectRedis({ url: redisUrl, log, metrics: testMetrics() }))
  const etcd = stack.use(connectEtcd({ endpoints: etcdEndpoints, log }))
  const kafka = stack.use(createKafkaBus({ brokers, clientId: 'gateway-tests', log, metrics: testMetrics() }))
  // The services of the test stack read the real topics.
  const bus = prefixedBus(kafka, `test-${names.base}.`)
  const admin = await bus.admin()
  const specs = topicSpecs({ upstreamPartitions: 8, slots: 4, replicationFactor: 1 })
  await waitFor(() => admin.ensureTopics(specs), { what: 'leaders of the new topics', timeoutMs: 20_000 })
  const slots = stack.use(await watchSlots(etcd))
  const logic = stack.use(await startScriptedLogic({ bus, routes: createRoutes({ redis, log }), slots, ...names }))
  const members = scriptedMembers()

  async function start(instance: string) {
    const metrics = testMetrics()
    const config = readConfig(
      schema,
      testEnv({
        GOCHAT_REDIS_URL: redisUrl,
        GOCHAT_ETCD_ENDPOINTS: etcdEndpoints.join(),
        GOCHAT_KAFKA_BROKERS: brokers.join(),
        GOCHAT_INSTANCE: instance,
        GOCHAT_UPSTREAM_PARTITIONS: '8',
        GOCHAT_SLOTS: '4',
      }),
    )
    const servers = await connectServers(config, { log, metrics, stack })
    const audience = connectInMemory(AudienceService, members.handlers)
    const session = connectInMemory(SessionService, scriptedSessions())
    const gateway = await startGateway({
      config,
      log,
      metrics,
      servers: { ...servers, bus, clients: { ...servers.clients, audience, session } },
      signal: new AbortController().signal,
      onCrash: (error) => {
        throw error
      },
    })
    stack.use(gateway)
    return { gateway, metrics }
  }
  const gateways = await Promise.all(['gateway-a', 'gateway-b'].map(start))
  return {
    redis,
    bus,
    logic,
    members,
    gateways,
    async enter(gateway, userId) {
      const client = await connectClient(gateways[gateway]!.gateway.port)
      await client.authenticate(await tokenFor(userId))
      return client
    },
  }
}
