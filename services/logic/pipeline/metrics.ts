import type { Logger } from '#infra/logger/index.ts'
import type { Counter, Histogram, Metrics } from '#infra/metrics/index.ts'
import { isErrorCode, errorTable } from '#infra/errors/index.ts'
import type { Gathered } from './outgoing.ts'
import { outcomeLabel } from './result.ts'
import type { Settled } from './settle.ts'

export interface PipelineMetrics {
  readonly appendSeconds: Histogram
  readonly dispatchSeconds: Histogram
  readonly fenced: Counter
  /** Counts a batch, per kind and outcome and not per command. */
  onSettled(settled: Settled): void
  onDispatched(emission: Gathered): void
}

const batchSizes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]

export function createPipelineMetrics(
  metrics: Metrics,
  log: Logger,
  gauges: { ownedPartitions(): number; queuedCommands(): number },
): PipelineMetrics {
  const commands = metrics.counter('gochat_logic_commands_total', 'Commands settled.', ['kind', 'outcome'])
  const batches = metrics.histogram('gochat_logic_batch_commands', 'Commands in a transaction.', batchSizes)
  const age = metrics.histogram(
    'gochat_logic_command_age_seconds',
    "From the gateway's record to settled; a batch's oldest.",
  )
  const redelivered = metrics.counter(
    'gochat_logic_redelivered_records_total',
    'Records that had been applied before (after a rebalance or a crash).',
  )
  const dedupeHits = metrics.counter('gochat_logic_dedupe_hits_total', 'Commands whose id was known already.')
  const dispatched = metrics.counter('gochat_dispatch_total', 'Frames handed to delivery.', ['class'])
  const poison = metrics.counter('gochat_logic_poison_total', 'Records and commands given up for good.', ['reason'])
  const owned = metrics.gauge('gochat_logic_owned_partitions', 'Partitions that this process may write.')
  const queued = metrics.gauge('gochat_logic_queue_commands', 'Commands waiting in the queue.')
  metrics.onScrape(() => {
    owned.set(gauges.ownedPartitions())
    queued.set(gauges.queuedCommands())
  })

  return {
    appendSeconds: metrics.histogram('gochat_logic_append_seconds', 'From the append request to its answer.'),
    dispatchSeconds: metrics.histogram('gochat_logic_dispatch_seconds', 'Until a batch is safe with the transport.'),
    fenced: metrics.counter('gochat_logic_fenced_total', 'Partitions found to belong to another process.'),
    onSettled({ batch, items, answers, poison: found }) {
      for (const { value: _, ...place } of found) {
        poison.inc({ reason: place.reason })
        log.warn(place, 'poison: given up for good, the partition goes on')
      }
      batches.observe(items.length)
      if (batch.isReplay) redelivered.inc(batch.records.length)
      else if (batch.records.length > 0) {
        const oldestMs = batch.records.reduce((oldest, { timestampMs }) => Math.min(oldest, timestampMs), Infinity)
        age.observe(Math.max(0, Date.now() - oldestMs) / 1000)
      }
      const counts = new Map<string, number>()
      for (const item of items) {
        const outcome = outcomeLabel(item, answers, ({ code }) => isErrorCode(code) && errorTable[code].retryable)
        const key = `${item.command.body.case ?? 'unknown'} ${outcome}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      for (const [key, count] of counts) {
        const [kind = '', outcome = ''] = key.split(' ')
        commands.inc({ kind, outcome }, count)
        if (outcome === 'duplicate') dedupeHits.inc(count)
      }
    },
    onDispatched({ deliveries, largeDeliveries }) {
      dispatched.inc({ class: 'direct' }, deliveries.length - largeDeliveries)
      dispatched.inc({ class: 'large' }, largeDeliveries)
    },
  }
}
