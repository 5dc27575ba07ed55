import type { Counter, Gauge, Histogram, Metrics } from '../metrics/index.ts'
import type { Assignment } from './assignment.ts'

export interface KafkaMetrics {
  readonly records: Counter<'direction' | 'topic'>
  readonly produceSeconds: Histogram
  readonly produceFailures: Counter
  readonly lag: Gauge<'topic'>
  readonly paused: Gauge<'topic'>
  readonly rebalances: Counter<'topic'>
  readonly onScrape: Metrics['onScrape']
}

export function kafkaMetrics(metrics: Metrics): KafkaMetrics {
  return {
    records: metrics.counter('gochat_kafka_records_total', 'Kafka records sent or read.', ['direction', 'topic']),
    produceSeconds: metrics.histogram('gochat_kafka_produce_seconds', 'One send, its own retries included.'),
    produceFailures: metrics.counter('gochat_kafka_produce_failures_total', 'Sends given up; the outcome is unknown.'),
    lag: metrics.gauge('gochat_kafka_lag_records', 'Records in the log that were not handed over yet.', ['topic']),
    paused: metrics.gauge('gochat_kafka_paused_partitions', 'Partitions paused by back-pressure.', ['topic']),
    rebalances: metrics.counter('gochat_kafka_rebalances_total', 'Joins of a consumer group, the first included.', [
      'topic',
    ]),
    onScrape: (collect) => metrics.onScrape(collect),
  }
}

/** One label for all slots: `gochat.downstream.7` counts as `gochat.downstream`. */
export function topicLabel(topic: string): string {
  return topic.replace(/\.\d+$/, '')
}

/** Sets the gauges of these topics before each scrape. Returns how to stop it. */
export function showConsumer(
  { lag, paused, onScrape }: KafkaMetrics,
  topics: readonly string[],
  assignment: Assignment,
): () => void {
  const byLabel = Map.groupBy(topics, topicLabel)
  return onScrape(() => {
    for (const [topic, all] of byLabel) {
      const held = all.flatMap((name) => assignment.held(name))
      lag.set(
        { topic },
        all.reduce((sum, name) => sum + assignment.lag(name), 0),
      )
      paused.set({ topic }, held.filter(({ isPaused }) => isPaused).length)
    }
  })
}
