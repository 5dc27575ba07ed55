import { readConfig } from '#infra/config/index.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { createLogger, type Logger } from '#infra/logger/index.ts'
import { createMetrics } from '#infra/metrics/index.ts'
import { provisionConfig } from './config.ts'
import { topicSpecs } from './topics.ts'

/**
 * Makes the topics that are missing and reports those that differ; safe to run at any time, by several at once.
 * Services refuse to start without them: a topic that a client makes on the way would have the broker's defaults.
 */
export async function provisionTopics(env: NodeJS.ProcessEnv, options: { log?: Logger } = {}): Promise<void> {
  const config = readConfig(provisionConfig, env)
  const log = options.log ?? createLogger({ name: 'provision', instance: 'provision', level: 'info' })
  const metrics = createMetrics({ service: 'provision', instance: 'provision', hasProcessMetrics: false })
  await using bus = createKafkaBus({ brokers: config.GOCHAT_KAFKA_BROKERS, clientId: 'gochat-provision', log, metrics })
  const admin = await bus.admin()
  const { created, drift } = await admin.ensureTopics(
    topicSpecs({
      upstreamPartitions: config.GOCHAT_UPSTREAM_PARTITIONS,
      slots: config.GOCHAT_SLOTS,
      replicationFactor: config.GOCHAT_KAFKA_REPLICATION_FACTOR,
    }),
  )
  if (created.length > 0) log.info({ topics: created }, 'topics created')
  for (const difference of drift) log.warn(difference, 'a topic differs from its specification')
}
