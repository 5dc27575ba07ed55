import type { Ticket } from './ledger.ts'

/** A conversation whose time has come. Without tickets it is only to be looked at: has it been marked since its last poke? */
export interface Poke {
  readonly conversationId: string
  /** The newest of what it stands for. */
  readonly headSeq: number
  /** The records that it stands for. */
  readonly tickets: readonly Ticket[]
}

/** `marked`: somebody settles it, so that no poke is needed. `unmarked`: looked at only. */
export type Outcome = 'sent' | 'failed' | 'marked' | 'unmarked'

/**
 * When to poke which conversation: the first time at once, then at most once per interval for all that came meanwhile. The interval
 * doubles while pokes are accepted and nobody is seen to act on them, and while they fail; a mark makes it short again.
 */
export interface Pokes {
  add(conversationId: string, headSeq: number, ticket: Ticket): void
  /** At most `max`, those due longest first. Each must be ended by `finish`; until then its conversation is not due again. */
  takeDue(nowMs: number, max: number): Poke[]
  finish(poke: Poke, outcome: Outcome, nowMs: number): void
  /** When to take next; undefined: nothing waits. */
  nextDueMs(): number | undefined
  /** Forgets everything, also what is in hand. */
  clear(): void
}

export interface PokesOptions {
  /** Default 50. */
  readonly minIntervalMs?: number
  /** Default 5 000. */
  readonly maxIntervalMs?: number
}

export function createPokes({ minIntervalMs = 50, maxIntervalMs = 5_000 }: PokesOptions = {}): Pokes {
  const lines = new Map<string, Line>()

  function slowDown(line: Line): void {
    line.intervalMs = Math.min(maxIntervalMs, line.intervalMs * 2)
  }

  return {
    add(conversationId, headSeq, ticket) {
      const line = lines.get(conversationId) ?? newLine(minIntervalMs)
      lines.set(conversationId, line)
      line.headSeq = Math.max(line.headSeq, headSeq)
      line.tickets.push(ticket)
    },
    takeDue(nowMs, max) {
      const due = [...lines].filter(([, { inHand, dueMs }]) => inHand === undefined && dueMs <= nowMs)
      const pokes: Poke[] = []
      for (const [conversationId, line] of due.sort(([, a], [, b]) => a.dueMs - b.dueMs)) {
        if (pokes.length === max) break
        const { headSeq, tickets, isUnseen, intervalMs } = line
        // Quiet: nothing came, and there is no mark to look for, or it has been looked for long enough.
        if (tickets.length === 0 && (!isUnseen || intervalMs === maxIntervalMs)) {
          lines.delete(conversationId)
          continue
        }
        line.tickets = []
        line.inHand = { conversationId, headSeq, tickets }
        pokes.push(line.inHand)
      }
      return pokes
    },
    finish(poke, outcome, nowMs) {
      const line = lines.get(poke.conversationId)
      if (line?.inHand !== poke) return
      line.inHand = undefined
      if (outcome === 'failed') line.tickets.unshift(...poke.tickets)
      if (outcome === 'marked' || (outcome === 'sent' && !line.isUnseen)) line.intervalMs = minIntervalMs
      else slowDown(line)
      if (outcome === 'sent') line.isUnseen = true
      if (outcome === 'marked') line.isUnseen = false
      line.dueMs = nowMs + line.intervalMs
    },
    nextDueMs() {
      let next: number | undefined
      for (const { inHand, dueMs } of lines.values()) {
        if (inHand === undefined && dueMs < (next ?? Infinity)) next = dueMs
      }
      return next
    },
    clear: () => lines.clear(),
  }
}

/** One conversation. */
interface Line {
  headSeq: number
  tickets: Ticket[]
  intervalMs: number
  dueMs: number
  /** A poke was accepted, and no mark was seen since. */
  isUnseen: boolean
  inHand: Poke | undefined
}

function newLine(intervalMs: number): Line {
  return { headSeq: 0, tickets: [], intervalMs, dueMs: 0, isUnseen: false, inHand: undefined }
}
