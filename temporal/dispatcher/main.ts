import { assertProductionSafe, readConfig } from '#infra/config/index.ts'
import { runProcess } from '#infra/lifecycle/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { createMetrics, startAdminServer } from '#infra/metrics/index.ts'
import { pokeFanout } from '../poke-fanout.ts'
import { schema } from './config.ts'
import { startDispatcher, type Dispatcher } from './dispatcher.ts'
import { connectServers } from './servers.ts'
import { startDeadLetter } from './start-dead-letter.ts'

const config = readConfig(schema)
assertProductionSafe(config)

const log = createLogger({
  name: 'dispatcher',
  instance: config.GOCHAT_INSTANCE,
  level: config.GOCHAT_LOG_LEVEL,
  pretty: config.GOCHAT_LOG_PRETTY,
})

await runProcess(
  async ({ stack, crash }) => {
    const metrics = createMetrics({ service: 'dispatcher', instance: config.GOCHAT_INSTANCE })
    let dispatcher: Dispatcher | undefined
    stack.use(
      await startAdminServer({
        port: config.GOCHAT_ADMIN_PORT,
        host: config.GOCHAT_ADMIN_HOST,
        metrics,
        isReady: () =>
          dispatcher?.isReady ? { isReady: true, reasons: [] } : { isReady: false, reasons: ['no partitions yet'] },
        log,
      }),
    )
    const { bus, marks, poison, temporal } = await connectServers(config, { log, metrics, stack })
    dispatcher = stack.use(
      await startDispatcher({
        bus,
        marks,
        poke: pokeFanout.bind(undefined, temporal),
        startDeadLetter: startDeadLetter.bind(undefined, temporal),
        keepCopy: async (place, value) => void (await poison.keepPoison({ copies: [{ place, value }] })),
        log,
        metrics,
        onCrash: crash,
      }),
    )
    log.info('dispatcher is ready')
  },
  { log },
)
