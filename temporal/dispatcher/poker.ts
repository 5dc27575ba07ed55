import type { SettlingMarks } from '#delivery/settling.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { DispatcherMetrics } from './metrics.ts'
import type { Gate } from './gate.ts'
import type { Ticket } from './ledger.ts'
import { createPokes, type Outcome, type Poke } from './pokes.ts'

export interface PokerDeps {
  readonly marks: Pick<SettlingMarks, 'marked'>
  /** Must be idempotent. */
  readonly poke: (conversationId: string, headSeq: number) => Promise<void>
  readonly gate: Gate
  readonly onDone: (tickets: readonly Ticket[]) => void
  readonly metrics: DispatcherMetrics
  readonly log: Logger
  /** When it aborts nothing more is begun. */
  readonly signal: AbortSignal
}

/** Wakes the fan-outs of conversations that have new entries. */
export interface Poker {
  add(conversationId: string, headSeq: number, ticket: Ticket): void
  /** What waits belongs to an assignment that is over. */
  clear(): void
}

/** Conversations looked up with one MGET. */
const maxLooks = 64

export function createPoker(deps: PokerDeps): Poker {
  const { marks, gate, metrics, log, signal } = deps
  const pokes = createPokes()
  const shouldLog = createLogThrottle(10_000)
  let timer: NodeJS.Timeout | undefined
  let scheduled: NodeJS.Immediate | undefined
  let isLooking = false

  function wake(): void {
    // Not at once: the other records of this fetch join.
    scheduled ??= setImmediate(() => {
      scheduled = undefined
      clearTimeout(timer)
      const dueMs = pokes.nextDueMs()
      if (dueMs === undefined || isLooking || signal.aborted) return
      timer = setTimeout(() => void look(), Math.max(0, dueMs - performance.now()))
    })
  }

  async function look(): Promise<void> {
    isLooking = true
    const due = pokes.takeDue(performance.now(), maxLooks)
    const marked = await readMarks(due)
    isLooking = false
    for (const poke of due) {
      if (marked.has(poke.conversationId)) finish(poke, 'marked')
      else if (poke.tickets.length === 0) finish(poke, 'unmarked')
      else void gate(() => send(poke))
    }
    wake()
  }

  /** Without Redis everything is poked: one poke too many does no harm. */
  async function readMarks(due: readonly Poke[]): Promise<ReadonlySet<string>> {
    try {
      return await marks.marked(due.map(({ conversationId }) => conversationId))
    } catch (error) {
      const passedOver = shouldLog()
      if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'marks cannot be read: poking without')
      return new Set()
    }
  }

  async function send(poke: Poke): Promise<void> {
    if (signal.aborted) return
    try {
      await deps.poke(poke.conversationId, poke.headSeq)
      finish(poke, 'sent')
    } catch (error) {
      const passedOver = shouldLog()
      if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'Temporal did not take a poke: trying again')
      finish(poke, 'failed')
    }
    wake()
  }

  function finish(poke: Poke, outcome: Outcome): void {
    pokes.finish(poke, outcome, performance.now())
    metrics.onPoke(outcome, poke.tickets.length)
    if (outcome === 'sent' || outcome === 'marked') deps.onDone(poke.tickets)
  }

  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  return {
    add(conversationId, headSeq, ticket) {
      pokes.add(conversationId, headSeq, ticket)
      wake()
    },
    clear: () => pokes.clear(),
  }
}
