import { createSettlingMarks, type SettlingMarks } from '#delivery/settling.ts'
import { connectEtcd, watchHosts } from '#infra/discovery/index.ts'
import { createKafkaBus, type Bus } from '#infra/kafka/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { connectRedis } from '#infra/redis/index.ts'
import { createRpcClient, type Client } from '#infra/rpc/index.ts'
import { PoisonRepo } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import { createTemporalClient, type TemporalClient } from '../client.ts'
import type { DispatcherConfig } from './config.ts'

/** What the dispatcher needs of other processes. */
export interface Servers {
  readonly bus: Bus
  readonly marks: SettlingMarks
  readonly poison: Client<typeof PoisonRepo>
  readonly temporal: TemporalClient
}

/** Connects to all of them but Temporal, which may be away: tasks wait in Kafka. */
export async function connectServers(
  config: DispatcherConfig,
  { log, metrics, stack }: { log: Logger; metrics: Metrics; stack: AsyncDisposableStack },
): Promise<Servers> {
  const etcd = stack.use(connectEtcd({ endpoints: config.GOCHAT_ETCD_ENDPOINTS, log }))
  const redis = stack.use(await connectRedis({ url: config.GOCHAT_REDIS_URL, log, metrics }))
  const bus = stack.use(
    createKafkaBus({ brokers: config.GOCHAT_KAFKA_BROKERS, clientId: config.GOCHAT_INSTANCE, log, metrics }),
  )
  const hosts = stack.use(await watchHosts(etcd, 'repo', log))
  return {
    bus,
    marks: createSettlingMarks({ redis }),
    poison: stack.use(createRpcClient(PoisonRepo, { hosts, log, metrics })),
    temporal: stack.use(createTemporalClient(config)),
  }
}
