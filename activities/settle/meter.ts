import type { Metrics } from '#infra/metrics/index.ts'
import type { Outcomes } from '#workflows/contracts.ts'
import { sumOf } from './outcomes.ts'

/** How many members one activity settles, and how quickly while it works on rounds. */
export interface Speed {
  during<T>(work: () => Promise<T>): Promise<T>
  count(outcomes: Outcomes): void
  perSecond(): number
}

export interface Meter {
  begin(): Speed
  /** Another attempt had claimed the cursor. */
  fenced(): void
}

export function createMeter(metrics: Metrics): Meter {
  const settled = metrics.counter('gochat_fanout_settled_total', 'Members settled, by what became of them.', [
    'outcome',
  ])
  const seconds = metrics.histogram('gochat_fanout_round_seconds', 'Work on one round, until it ended or was stopped.')

  const fenced = metrics.counter('gochat_fanout_fenced_total', 'Attempts to settle that found another one at work.')

  return {
    fenced: () => fenced.inc(),
    begin() {
      let members = 0
      let workedMs = 0
      let beganAt: number | undefined
      return {
        async during(work) {
          beganAt = performance.now()
          try {
            return await work()
          } finally {
            const tookMs = performance.now() - beganAt
            beganAt = undefined
            workedMs += tookMs
            seconds.observe(tookMs / 1000)
          }
        },
        count(outcomes) {
          members += sumOf(outcomes)
          for (const [outcome, count] of Object.entries(outcomes)) settled.inc({ outcome }, count)
        },
        perSecond() {
          const ms = workedMs + (beganAt === undefined ? 0 : performance.now() - beganAt)
          return ms === 0 ? 0 : Math.round((members * 1000) / ms)
        },
      }
    },
  }
}
