import { connectEtcd, watchHosts } from '#infra/discovery/index.ts'
import { AppError } from '#infra/errors/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { createMetrics } from '#infra/metrics/index.ts'
import { createRpcClient, type Client } from '#infra/rpc/index.ts'
import { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import { openStack, type CommandContext } from '../context.ts'

export type Tasks = Client<typeof TaskService>

const TIMEOUT_MS = 8_000

/** Works with the TaskService of the running profile; what it refuses is told with the error's name. */
export async function withTasks<T>(context: CommandContext, work: (tasks: Tasks) => Promise<T>): Promise<T> {
  const { env } = await openStack(context)
  const log = createLogger({ name: 'cli', instance: 'cli', level: 'silent' })
  const metrics = createMetrics({ service: 'cli', instance: 'cli', hasProcessMetrics: false })
  try {
    await using etcd = connectEtcd({ endpoints: env['GOCHAT_ETCD_ENDPOINTS']!.split(','), log })
    await using hosts = await watchHosts(etcd, 'tasks', log)
    if (hosts.current().length === 0) {
      throw new Error(`Profile ${context.profile.name} has no tasks process running. Start it with ./gochat up`)
    }
    await using tasks = createRpcClient(TaskService, { hosts, log, metrics, timeoutMs: TIMEOUT_MS })
    return await work(tasks)
  } catch (error) {
    if (error instanceof AppError) throw new Error(`${error.code}: ${error.message}`, { cause: error })
    throw error
  }
}
