import { Client, Connection } from '@temporalio/client'
import { assertProductionSafe, readConfig } from '#infra/config/index.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { runProcess } from '#infra/lifecycle/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { createMetrics, startAdminServer } from '#infra/metrics/index.ts'
import { schema } from './config.ts'
import { startDispatcher, type Dispatcher } from './dispatcher.ts'
import { startTask } from './start-task.ts'

const config = readConfig(schema)
assertProductionSafe(config)

const log = createLogger({
  name: 'dispatcher',
  instance: config.GOCHAT_INSTANCE,
  level: config.GOCHAT_LOG_LEVEL,
  pretty: config.GOCHAT_LOG_PRETTY,
})

await runProcess(
  async ({ signal, stack, crash }) => {
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
    const bus = stack.use(
      createKafkaBus({ brokers: config.GOCHAT_KAFKA_BROKERS, clientId: config.GOCHAT_INSTANCE, log, metrics }),
    )
    // Lazy: live chat and this process's readiness do not depend on Temporal being up; tasks wait in Kafka.
    const connection = Connection.lazy({ address: config.GOCHAT_TEMPORAL_ADDRESS })
    stack.defer(() => connection.close())
    const client = new Client({ connection, namespace: config.GOCHAT_TEMPORAL_NAMESPACE })
    const start = startTask.bind(undefined, client)
    dispatcher = stack.use(await startDispatcher({ bus, start, log, metrics, signal, onCrash: crash }))
    log.info('dispatcher is ready')
  },
  { log },
)
