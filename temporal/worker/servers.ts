import { createCountedPush, defaultPace, type ActivityDeps } from '#activities/index.ts'
import { createHeardMarks } from '#delivery/heard.ts'
import { createRoutes } from '#delivery/routes.ts'
import { createSettlingMarks } from '#delivery/settling.ts'
import { watchSlots } from '#delivery/slot-view.ts'
import { connectEtcd, watchHosts } from '#infra/discovery/index.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { connectRedis } from '#infra/redis/index.ts'
import { createRpcClient } from '#infra/rpc/index.ts'
import { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { FanoutRepo } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'
import { PoisonRepo } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import type { WorkerConfig } from './config.ts'

/** Connects activities to what they need of other processes; they are disconnected with the stack, in reverse. */
export async function connectServers(
  config: WorkerConfig,
  { log, metrics, stack }: { log: Logger; metrics: Metrics; stack: AsyncDisposableStack },
): Promise<ActivityDeps> {
  const etcd = stack.use(connectEtcd({ endpoints: config.GOCHAT_ETCD_ENDPOINTS, log }))
  const redis = stack.use(await connectRedis({ url: config.GOCHAT_REDIS_URL, log, metrics }))
  const bus = stack.use(
    createKafkaBus({ brokers: config.GOCHAT_KAFKA_BROKERS, clientId: config.GOCHAT_INSTANCE, log, metrics }),
  )
  const slots = stack.use(await watchSlots(etcd))
  const repo = { hosts: stack.use(await watchHosts(etcd, 'repo', log)), log, metrics }
  const tasks = { hosts: stack.use(await watchHosts(etcd, 'tasks', log)), log, metrics }
  return {
    fanout: stack.use(createRpcClient(FanoutRepo, repo)),
    messages: stack.use(createRpcClient(MessageRepo, repo)),
    poison: stack.use(createRpcClient(PoisonRepo, repo)),
    tasks: stack.use(createRpcClient(TaskService, tasks)),
    routes: createRoutes({ redis, log }),
    slots,
    heard: createHeardMarks({ redis }),
    settling: createSettlingMarks({ redis }),
    transport: await bus.producer(),
    push: createCountedPush(metrics),
    metrics,
    pace: { ...defaultPace, membersPerPage: config.GOCHAT_SETTLE_PAGE_MEMBERS },
  }
}
