import { assertProductionSafe, readConfig } from '#infra/config/index.ts'
import { connectEtcd, createEtcdRegistry, type Registration } from '#infra/discovery/index.ts'
import { runProcess } from '#infra/lifecycle/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { createMetrics, startAdminServer } from '#infra/metrics/index.ts'
import { service, startRpcServer } from '#infra/rpc/index.ts'
import { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import { createTemporalClient } from '../client.ts'
import { schema } from './config.ts'
import { countTasks } from './count-tasks.ts'
import { taskService } from './task-service.ts'

const config = readConfig(schema)
assertProductionSafe(config)
const instance = config.GOCHAT_INSTANCE
const log = createLogger({
  name: 'tasks',
  instance,
  level: config.GOCHAT_LOG_LEVEL,
  pretty: config.GOCHAT_LOG_PRETTY,
})

await runProcess(
  async ({ stack }) => {
    const metrics = createMetrics({ service: 'tasks', instance })
    let registration: Registration | undefined
    stack.use(
      await startAdminServer({
        port: config.GOCHAT_ADMIN_PORT,
        host: config.GOCHAT_ADMIN_HOST,
        metrics,
        isReady: () =>
          registration === undefined ? { isReady: false, reasons: ['starting'] } : { isReady: true, reasons: [] },
        log,
      }),
    )
    const etcd = stack.use(connectEtcd({ endpoints: config.GOCHAT_ETCD_ENDPOINTS, log }))
    const temporal = stack.use(createTemporalClient(config))
    stack.use(countTasks(temporal, { log, metrics }))
    const server = stack.use(
      await startRpcServer({
        port: config.GOCHAT_TASKS_RPC_PORT,
        host: config.GOCHAT_TASKS_RPC_HOST,
        services: [service(TaskService, taskService(temporal))],
        log,
        metrics,
      }),
    )
    // Disposed first: nobody is sent here any more while the server drains.
    const address = `${config.GOCHAT_ADVERTISED_HOST}:${server.port}`
    registration = stack.use(await createEtcdRegistry(etcd, { log }).register('tasks', instance, address))
    log.info({ rpcPort: server.port }, 'tasks is ready')
  },
  { log },
)
