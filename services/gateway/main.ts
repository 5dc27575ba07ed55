import { assertProductionSafe, readConfig } from '#infra/config/index.ts'
import { runProcess } from '#infra/lifecycle/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { createMetrics, startAdminServer } from '#infra/metrics/index.ts'
import { refuseCrashPoints } from '#infra/lifecycle/crash-point.ts'
import { schema } from './config.ts'
import { startGateway, type Gateway } from './gateway.ts'
import { connectServers } from './servers.ts'

const config = readConfig(schema)
assertProductionSafe(config)
refuseCrashPoints(config.GOCHAT_MODE)

const log = createLogger({
  name: 'gateway',
  instance: config.GOCHAT_INSTANCE,
  level: config.GOCHAT_LOG_LEVEL,
  pretty: config.GOCHAT_LOG_PRETTY,
})

await runProcess(
  async ({ signal, stack, crash }) => {
    const metrics = createMetrics({ service: 'gateway', instance: config.GOCHAT_INSTANCE })
    let gateway: Gateway | undefined
    stack.use(
      await startAdminServer({
        port: config.GOCHAT_ADMIN_PORT,
        host: config.GOCHAT_ADMIN_HOST,
        metrics,
        isReady: () => gateway?.readiness() ?? { isReady: false, reasons: ['starting'] },
        log,
      }),
    )
    const servers = await connectServers(config, { log, metrics, stack })
    gateway = stack.use(await startGateway({ config, servers, log, metrics, signal, onCrash: crash }))
    log.info({ port: gateway.port }, 'gateway is ready')
  },
  { log },
)
