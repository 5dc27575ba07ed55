import type { Emitter } from '#delivery/emit.ts'
import { toAppError } from '#infra/errors/index.ts'
import { backoff, sleep } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { BatchEmission } from './dispatch.ts'
import type { Poison } from './item.ts'
import type { PipelineMetrics } from './metrics.ts'

/** Hands emissions to delivery, one after the other. */
export interface Dispatcher {
  /**
   * Resolves when the emission before this one is safe, so that the caller runs at most one batch ahead; this one then goes
   * out behind its back, and `onDone` follows. An emission is repeated until it is safe; stopping leaves it undone.
   */
  dispatch(emission: BatchEmission, poison: readonly Poison[], onDone: () => void): Promise<void>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  readonly isIdle: boolean
}

export interface DispatcherOptions {
  readonly emitter: Emitter
  reportPoison(poison: readonly Poison[]): Promise<void>
  readonly metrics: PipelineMetrics
  readonly log: Logger
  readonly signal: AbortSignal
  readonly minBackoffMs?: number
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { emitter, reportPoison, metrics, log, signal, minBackoffMs = 50 } = options
  const shouldLog = createLogThrottle(10_000)
  let underWay: Promise<void> | undefined

  async function send(emission: BatchEmission, poison: readonly Poison[], onDone: () => void): Promise<void> {
    const startMs = performance.now()
    if (!(await untilSafe(() => emitter.emit(emission)))) return
    if (poison.length > 0 && !(await untilSafe(() => reportPoison(poison)))) return
    metrics.dispatchSeconds.observe((performance.now() - startMs) / 1000)
    metrics.onDispatched(emission)
    onDone()
  }

  /** False when stopping came first. */
  async function untilSafe(hand: () => Promise<void>): Promise<boolean> {
    for (const delayMs of backoff({ minMs: minBackoffMs, maxMs: 2000 })) {
      try {
        await hand()
        return true
      } catch (thrown) {
        const error = toAppError(thrown)
        if (!error.retryable) {
          // History has it, and clients repair by sync; the partition must go on.
          log.error({ err: error }, 'what a batch had to say is refused for good: leaving it out')
          return true
        }
        const passedOver = shouldLog()
        if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'an emission failed: sending it again')
      }
      try {
        await sleep(delayMs, signal)
      } catch {
        return false
      }
    }
    return false
  }

  return {
    async dispatch(emission, poison, onDone) {
      await underWay
      if (signal.aborted) return
      const mine = send(emission, poison, onDone).finally(() => {
        if (underWay === mine) underWay = undefined
      })
      underWay = mine
    },
    async idle() {
      await underWay
    },
    get isIdle() {
      return underWay === undefined
    },
  }
}
