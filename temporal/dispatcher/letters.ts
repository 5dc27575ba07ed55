import { topics } from '#delivery/topics.ts'
import { backoff, sleep } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { PoisonLetter } from '#workflows/contracts.ts'
import type { Gate } from './gate.ts'
import type { CommitLedger, Ticket } from './ledger.ts'
import type { DispatcherMetrics } from './metrics.ts'

export interface LettersDeps {
  /** Must be idempotent. */
  readonly start: (letter: PoisonLetter) => Promise<void>
  /** Must be idempotent. */
  readonly keepCopy: (place: Omit<PoisonLetter, 'kind' | 'reason'>, value: Buffer) => Promise<void>
  readonly gate: Gate
  readonly ledger: Pick<CommitLedger, 'isCurrent'>
  readonly onDone: (tickets: readonly Ticket[]) => void
  readonly metrics: DispatcherMetrics
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Turns poison into dead letters. Each is tried until it is done, or its partition goes to somebody else. */
export interface Letters {
  /** Somebody has found it and kept a copy. */
  park(letter: PoisonLetter, ticket: Ticket): void
  /** A record of gochat.tasks itself. */
  parkRecord(value: Buffer, reason: string, ticket: Ticket): void
}

export function createLetters(deps: LettersDeps): Letters {
  const { start, keepCopy, gate, ledger, onDone, metrics, log, signal } = deps
  const shouldLog = createLogThrottle(10_000)

  async function untilDone(work: () => Promise<void>, ticket: Ticket): Promise<void> {
    for (const delayMs of backoff({ minMs: 100, maxMs: 5_000 })) {
      if (signal.aborted || !ledger.isCurrent(ticket)) return
      try {
        await gate(work)
        metrics.onDeadLetter()
        return onDone([ticket])
      } catch (error) {
        const passedOver = shouldLog()
        if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'a dead letter was not taken: trying again')
        await sleep(delayMs, signal).catch(() => undefined)
      }
    }
  }

  return {
    park: (letter, ticket) => void untilDone(() => start(letter), ticket),
    parkRecord(value, reason, ticket) {
      const place = { topic: topics.tasks, partition: ticket.partition, offset: ticket.offset, index: -1 }
      metrics.onPoison()
      log.error({ ...place, reason }, 'a record of tasks is poison: keeping a copy and going on')
      void untilDone(async () => {
        await keepCopy(place, value)
        await start({ kind: 'poison', ...place, reason })
      }, ticket)
    },
  }
}
