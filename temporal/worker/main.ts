import { createActivities } from '#activities/index.ts'
import { assertProductionSafe, readConfig } from '#infra/config/index.ts'
import { runProcess } from '#infra/lifecycle/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { createMetrics, startAdminServer } from '#infra/metrics/index.ts'
import { requireBundle, schema } from './config.ts'
import { connectServers } from './servers.ts'
import { startTaskWorker, type TaskWorker } from './worker.ts'

const config = readConfig(schema)
assertProductionSafe(config)
requireBundle(config)

const log = createLogger({
  name: 'worker',
  instance: config.GOCHAT_INSTANCE,
  level: config.GOCHAT_LOG_LEVEL,
  pretty: config.GOCHAT_LOG_PRETTY,
})

await runProcess(
  async ({ signal, stack, crash }) => {
    const metrics = createMetrics({ service: 'worker', instance: config.GOCHAT_INSTANCE })
    let worker: TaskWorker | undefined
    stack.use(
      await startAdminServer({
        port: config.GOCHAT_ADMIN_PORT,
        host: config.GOCHAT_ADMIN_HOST,
        metrics,
        isReady: () =>
          worker?.isRunning
            ? { isReady: true, reasons: [] }
            : { isReady: false, reasons: ['the worker does not poll'] },
        log,
      }),
    )
    const activities = createActivities(await connectServers(config, { log, metrics, stack }))
    worker = stack.use(await startTaskWorker({ config, activities, log, signal, onCrash: crash }))
    log.info('worker is ready')
  },
  { log, stopTimeoutMs: 15_000 },
)
