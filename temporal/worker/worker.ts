import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { failureInterceptor, type Activities } from '#activities/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import { taskQueue } from '#workflows/contracts.ts'
import { bundleWorkflows } from './build-bundle.ts'
import type { WorkerConfig } from './config.ts'
import { connectTemporal } from './connect.ts'

export interface TaskWorker extends AsyncDisposable {
  readonly isRunning: boolean
}

export interface TaskWorkerOptions {
  readonly config: WorkerConfig
  readonly activities: Activities
  readonly log: Logger
  /** Ends the waiting for Temporal. */
  readonly signal: AbortSignal
  /** The worker stopped by itself and will not come back. */
  readonly onCrash: (error: unknown) => void
}

/** For activities that are told to stop to say where they are. */
const shutdownForceMs = 10_000

/** Runs workflows and their activities, once Temporal is there. */
export async function startTaskWorker(options: TaskWorkerOptions): Promise<TaskWorker> {
  const { config, activities, log, signal, onCrash } = options
  installRuntime(config, log)
  const { GOCHAT_WORKFLOW_BUNDLE: codePath } = config
  const workflowBundle = codePath === undefined ? await bundleWorkflows() : { codePath }
  const connection = await connectTemporal(config.GOCHAT_TEMPORAL_ADDRESS, log, signal)
  const worker = await Worker.create({
    connection,
    namespace: config.GOCHAT_TEMPORAL_NAMESPACE,
    taskQueue,
    workflowBundle,
    activities,
    interceptors: { activity: [failureInterceptor] },
    identity: config.GOCHAT_INSTANCE,
    maxCachedWorkflows: config.GOCHAT_WORKER_CACHED_WORKFLOWS,
    // An activity hears that it is to stop with a heartbeat that gets through.
    maxHeartbeatThrottleInterval: '1 second',
    // Few, because what is handed to the polls of a worker that hangs waits for its heartbeat timeout, one after the other.
    maxConcurrentActivityTaskPolls: 2,
    shutdownForceTime: shutdownForceMs,
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

function installRuntime(config: WorkerConfig, log: Logger): void {
  const level = config.GOCHAT_LOG_LEVEL === 'debug' ? 'DEBUG' : 'INFO'
  Runtime.install({
    // Process signals are ours to handle, as in every other process.
    shutdownSignals: [],
    logger: new DefaultLogger(level, (entry) => {
      log[entry.level.toLowerCase() as 'info']({ temporal: entry.meta }, entry.message)
    }),
  })
}
