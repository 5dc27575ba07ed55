import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import type { Logger } from '#infra/logger/index.ts'
import { taskQueue } from '#workflows/contracts.ts'
import type { WorkerConfig } from './config.ts'

export interface TaskWorker extends AsyncDisposable {
  readonly isRunning: boolean
}

export interface TaskWorkerOptions {
  readonly config: WorkerConfig
  readonly log: Logger
  /** The worker stopped by itself and will not come back. */
  readonly onCrash: (error: unknown) => void
}

const shutdownGraceMs = 5_000

/** Runs workflows: their code is bundled at the start, and has no way to the outside but activities. */
export async function startTaskWorker({ config, log, onCrash }: TaskWorkerOptions): Promise<TaskWorker> {
  const level = config.GOCHAT_LOG_LEVEL === 'debug' ? 'DEBUG' : 'INFO'
  Runtime.install({
    // Process signals are ours to handle, as in every other process.
    shutdownSignals: [],
    logger: new DefaultLogger(level, (entry) => {
      log[entry.level.toLowerCase() as 'info']({ temporal: entry.meta }, entry.message)
    }),
  })
  const connection = await NativeConnection.connect({
    address: config.GOCHAT_TEMPORAL_ADDRESS,
  })
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  })
  const worker = await Worker.create({
    connection,
    namespace: config.GOCHAT_TEMPORAL_NAMESPACE,
    taskQueue,
    workflowBundle,
    identity: config.GOCHAT_INSTANCE,
    maxCachedWorkflows: config.GOCHAT_WORKER_CACHED_WORKFLOWS,
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: 2 * shutdownGraceMs,
  })
  let isStopping = false
  const running = worker.run().catch((error: unknown) => {
    if (!isStopping) onCrash(error)
  })
  return {
    get isRunning() {
      return worker.getState() === 'RUNNING'
    },
    async [Symbol.asyncDispose]() {
      isStopping = true
      if (worker.getState() === 'RUNNING') worker.shutdown()
      await running
      await connection.close()
    },
  }
}
