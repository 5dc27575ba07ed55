import { createHeardMarks, type HeardMarks } from '#delivery/heard.ts'
import { createRoutes, type RouteWriter } from '#delivery/routes.ts'
import { connectEtcd, watchHosts, type Etcd } from '#infra/discovery/index.ts'
import { createKafkaBus, type Bus } from '#infra/kafka/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { connectRedis } from '#infra/redis/index.ts'
import { createRpcClient, type Client } from '#infra/rpc/index.ts'
import { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import { ConversationService } from '#proto/gen/gochat/conversation/v1/conversation_service_pb.ts'
import { GroupService } from '#proto/gen/gochat/conversation/v1/group_service_pb.ts'
import { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import { SessionService } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import { UserService } from '#proto/gen/gochat/user/v1/user_service_pb.ts'
import type { GatewayConfig } from './config.ts'
import type { LogicClients, Tickets } from './ports.ts'
import { createTickets } from './tickets.ts'

/** What a gateway needs of other processes. Tests put their own in its place. */
export interface Servers {
  readonly etcd: Etcd
  readonly bus: Bus
  readonly routes: RouteWriter
  readonly heardMarks: HeardMarks
  readonly tickets: Tickets
  readonly clients: LogicClients
  readonly tasks: Client<typeof TaskService>
}

/** Connects to all of them; they are disconnected with the stack, in reverse. */
export async function connectServers(
  config: GatewayConfig,
  { log, metrics, stack }: { log: Logger; metrics: Metrics; stack: AsyncDisposableStack },
): Promise<Servers> {
  const etcd = stack.use(connectEtcd({ endpoints: config.GOCHAT_ETCD_ENDPOINTS, log }))
  const redis = stack.use(await connectRedis({ url: config.GOCHAT_REDIS_URL, log, metrics }))
  const bus = stack.use(
    createKafkaBus({ brokers: config.GOCHAT_KAFKA_BROKERS, clientId: config.GOCHAT_INSTANCE, log, metrics }),
  )
  const shared = { hosts: stack.use(await watchHosts(etcd, 'logic', log)), log, metrics }
  const taskHosts = stack.use(await watchHosts(etcd, 'tasks', log))
  return {
    etcd,
    bus,
    routes: createRoutes({ redis, log, ttlSeconds: config.GOCHAT_ROUTE_TTL_SECONDS }),
    heardMarks: createHeardMarks({ redis }),
    tickets: createTickets({ redis }),
    clients: {
      auth: stack.use(createRpcClient(AuthService, shared)),
      session: stack.use(createRpcClient(SessionService, shared)),
      user: stack.use(createRpcClient(UserService, shared)),
      conversation: stack.use(createRpcClient(ConversationService, shared)),
      message: stack.use(createRpcClient(MessageService, shared)),
      group: stack.use(createRpcClient(GroupService, shared)),
      audience: stack.use(createRpcClient(AudienceService, shared)),
    },
    tasks: stack.use(createRpcClient(TaskService, { hosts: taskHosts, log, metrics })),
  }
}
