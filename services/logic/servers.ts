import { createRoutes, type RouteReader } from '#delivery/routes.ts'
import { watchSlots, type SlotView } from '#delivery/slot-view.ts'
import { connectEtcd, watchHosts, type Etcd } from '#infra/discovery/index.ts'
import { createKafkaBus, type Bus } from '#infra/kafka/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { connectRedis } from '#infra/redis/index.ts'
import { createRpcClient, type Client } from '#infra/rpc/index.ts'
import { AudienceRepo } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import { ConversationRepo } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { GroupRepo } from '#proto/gen/gochat/conversation/v1/group_repo_pb.ts'
import { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { PoisonRepo } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import { SessionRepo } from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'
import type { LogicConfig } from './config.ts'

/** What logic needs of other processes. Tests put their own in its place. */
export interface Servers {
  readonly etcd: Etcd
  readonly bus: Bus
  readonly routes: RouteReader
  readonly slots: SlotView
  readonly repo: RepoClients
}

export interface RepoClients {
  readonly users: Client<typeof UserRepo>
  readonly sessions: Client<typeof SessionRepo>
  readonly conversations: Client<typeof ConversationRepo>
  readonly groups: Client<typeof GroupRepo>
  readonly messages: Client<typeof MessageRepo>
  readonly audiences: Client<typeof AudienceRepo>
  readonly poison: Client<typeof PoisonRepo>
}

/** Connects to all of them; they are disconnected with the stack, in reverse. */
export async function connectServers(
  config: LogicConfig,
  { log, metrics, stack }: { log: Logger; metrics: Metrics; stack: AsyncDisposableStack },
): Promise<Servers> {
  const etcd = stack.use(connectEtcd({ endpoints: config.GOCHAT_ETCD_ENDPOINTS, log }))
  const redis = stack.use(await connectRedis({ url: config.GOCHAT_REDIS_URL, log, metrics }))
  const bus = stack.use(
    createKafkaBus({ brokers: config.GOCHAT_KAFKA_BROKERS, clientId: config.GOCHAT_INSTANCE, log, metrics }),
  )
  const slots = stack.use(await watchSlots(etcd))
  const hosts = stack.use(await watchHosts(etcd, 'repo', log))
  const shared = { hosts, log, metrics }
  return {
    etcd,
    bus,
    slots,
    routes: createRoutes({ redis, log }),
    repo: {
      users: stack.use(createRpcClient(UserRepo, shared)),
      sessions: stack.use(createRpcClient(SessionRepo, shared)),
      conversations: stack.use(createRpcClient(ConversationRepo, shared)),
      groups: stack.use(createRpcClient(GroupRepo, shared)),
      messages: stack.use(createRpcClient(MessageRepo, shared)),
      audiences: stack.use(createRpcClient(AudienceRepo, shared)),
      poison: stack.use(createRpcClient(PoisonRepo, shared)),
    },
  }
}
