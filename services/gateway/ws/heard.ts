import type { HeardMarks, HeardRange } from '#delivery/heard.ts'
import type { Place } from '#delivery/routes.ts'
import { every } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'

/** Which entries of large conversations were handed out here without a gap, and the telling of it. */
export interface Heard extends AsyncDisposable {
  has(conversationId: string, seq: number): boolean
  /** It came again: what was told of it may be lost. */
  repeat(conversationId: string): void
  /** Handed out. The next seq extends the range, any other begins a new one. */
  add(conversationId: string, seq: number): void
  /** That conversation's; without one, all: from now on they begin anew. What was told stays true. */
  forget(conversationId?: string): void
}

export interface HeardOptions {
  readonly marks: HeardMarks
  readonly place: () => Place
  readonly log: Logger
  /** How often changes are told. Default 100. */
  readonly everyMs?: number
}

const rangesPerWrite = 500

export function createHeard(options: HeardOptions): Heard {
  const { marks, place, log, everyMs = 100 } = options
  const shouldLog = createLogThrottle(10_000)
  const ranges = new Map<string, HeardRange>()
  const changed = new Set<string>()

  /** Of what cannot be told now, the newest is told when it can. */
  async function tell(): Promise<void> {
    while (changed.size > 0) {
      const conversationIds = [...changed].slice(0, rangesPerWrite)
      for (const conversationId of conversationIds) changed.delete(conversationId)
      try {
        await marks.put(place(), new Map(conversationIds.map((id) => [id, ranges.get(id)!])))
      } catch (error) {
        for (const id of conversationIds) if (ranges.has(id)) changed.add(id)
        throw error
      }
    }
  }

  const loop = every(everyMs, tell, {
    onError(error) {
      const passedOver = shouldLog()
      if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'what was heard cannot be told')
    },
  })

  return {
    has(conversationId, seq) {
      const range = ranges.get(conversationId)
      return range !== undefined && range.fromSeq <= seq && seq <= range.upToSeq
    },
    repeat: (conversationId) => void changed.add(conversationId),
    add(conversationId, seq) {
      const range = ranges.get(conversationId)
      const fromSeq = range?.upToSeq === seq - 1 ? range.fromSeq : seq
      ranges.set(conversationId, { fromSeq, upToSeq: seq })
      changed.add(conversationId)
    },
    forget(conversationId) {
      if (conversationId === undefined) {
        ranges.clear()
        changed.clear()
      } else {
        ranges.delete(conversationId)
        changed.delete(conversationId)
      }
    },
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  }
}
