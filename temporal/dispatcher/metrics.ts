import type { Metrics } from '#infra/metrics/index.ts'
import type { Outcome } from './pokes.ts'

export interface DispatcherMetrics {
  /** What became of a poke that stands for so many tasks. */
  onPoke(outcome: Outcome, tasks: number): void
  onDeadLetter(): void
  /** A record of gochat.tasks itself. */
  onPoison(): void
}

export function createDispatcherMetrics(metrics: Metrics, waiting: () => number): DispatcherMetrics {
  const pokes = metrics.counter(
    'gochat_dispatcher_pokes_total',
    'Tasks to settle a conversation: sent to Temporal, merged with one that was, or left out because somebody settles it.',
    ['result'],
  )
  const deadLetters = metrics.counter('gochat_dispatcher_dead_letters_total', 'Dead letters that Temporal has taken.')
  const poison = metrics.counter(
    'gochat_dispatcher_poison_total',
    'Records of gochat.tasks that this dispatcher does not understand.',
  )
  const waitingRecords = metrics.gauge(
    'gochat_dispatcher_waiting_records',
    'Records of gochat.tasks that are read and not done.',
  )
  metrics.onScrape(() => waitingRecords.set(waiting()))
  return {
    onPoke(outcome, tasks) {
      if (outcome === 'marked') pokes.inc({ result: 'settling' }, tasks)
      if (outcome !== 'sent') return
      pokes.inc({ result: 'sent' })
      pokes.inc({ result: 'merged' }, tasks - 1)
    },
    onDeadLetter: () => deadLetters.inc(),
    onPoison: () => poison.inc(),
  }
}
