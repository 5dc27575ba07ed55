import { assertProductionSafe, readConfig } from '#infra/config/index.ts'
import { runProcess } from '#infra/lifecycle/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { createMetrics, startAdminServer } from '#infra/metrics/index.ts'
import { refuseCrashPoints } from '#infra/lifecycle/crash-point.ts'
import { passwordCost, schema } from './config.ts'
import { startLogic, type Logic } from './logic.ts'
import { connectServers } from './servers.ts'

const config = readConfig(schema)
assertProductionSafe(config)
refuseCrashPoints(config.GOCHAT_MODE)
passwordCost(config)

const log = createLogger({
  name: 'logic',
  instance: config.GOCHAT_INSTANCE,
  level: config.GOCHAT_LOG_LEVEL,
  pretty: config.GOCHAT_LOG_PRETTY,
})

await runProcess(
  async ({ stack, crash }) => {
    const metrics = createMetrics({ service: 'logic', instance: config.GOCHAT_INSTANCE })
    let logic: Logic | undefined
    stack.use(
      await startAdminServer({
        port: config.GOCHAT_ADMIN_PORT,
        host: config.GOCHAT_ADMIN_HOST,
        metrics,
        isReady: () => logic?.readiness() ?? { isReady: false, reasons: ['starting'] },
        log,
      }),
    )
    const servers = await connectServers(config, { log, metrics, stack })
    logic = stack.use(await startLogic({ config, servers, log, metrics, onCrash: crash }))
    log.info({ rpcPort: logic.rpcPort }, 'logic is ready')
  },
  { log },
)
