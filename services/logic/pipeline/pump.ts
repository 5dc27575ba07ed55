import { toAppError, type AppError } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import { sleep } from '#infra/lifecycle/index.ts'
import { crashPoint } from '#infra/lifecycle/crash-point.ts'
import type { Assignment } from './assignment.ts'
import type { CommitLedger } from './commit.ts'
import { emissionOf } from './dispatch.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { PipelineMetrics } from './metrics.ts'
import { Abandoned } from './prepare.ts'
import type { Queue } from './queue.ts'
import type { Settled, Settler } from './settle.ts'
import type { States } from './state.ts'
import { takeBatch, type Batch } from './take.ts'

export interface PumpDeps {
  readonly queue: Queue
  readonly assignment: Assignment
  readonly states: States
  readonly settler: Settler
  readonly dispatcher: Dispatcher
  readonly ledger: CommitLedger
  readonly metrics: PipelineMetrics
  readonly log: Logger
  /** From the beginning of one batch to that of the next: what comes meanwhile shares its transaction and its records. */
  readonly batchGapMs: number
  /** When it aborts, what is under way is left as it is. */
  readonly signal: AbortSignal
  /** Something that must not happen did; a new process starts from what is stored. */
  onCrash(error: AppError): void
}

export interface Pump {
  /** There may be something to do. */
  wake(): void
  /** Takes nothing more; resolves when what is under way is done. */
  stop(): Promise<void>
  readonly isIdle: boolean
}

/**
 * The one loop: takes all that waits, settles it (one append in flight) and hands it to the dispatcher, which sends behind
 * the next append. A new assignment is claimed between two batches.
 */
export function createPump(deps: PumpDeps): Pump {
  const { queue, assignment, states, settler, dispatcher, ledger, metrics, log, batchGapMs, signal } = deps
  const { ownership } = assignment
  let isRunning = false
  let running = Promise.resolve()
  let scheduled: NodeJS.Immediate | undefined
  let lastBatchAtMs = Number.NEGATIVE_INFINITY
  const stopping = new AbortController()

  function wake(): void {
    if (isRunning || stopping.signal.aborted) return
    // Not at once: the other partitions of this fetch join the batch.
    scheduled ??= setImmediate(() => {
      scheduled = undefined
      running = run()
    })
  }

  async function run(): Promise<void> {
    isRunning = true
    try {
      while (!stopping.signal.aborted) {
        if (queue.peek() !== undefined && !(await gap())) break
        if (assignment.isClaimDue) await assignment.claim()
        const batch = takeBatch(queue, ownership, { onGap, onHole })
        assignment.throttle()
        if (batch !== undefined) await carry(batch)
        else if (!assignment.isClaimDue) break
      }
    } catch (error) {
      if (!signal.aborted) deps.onCrash(toAppError(error))
    } finally {
      isRunning = false
    }
  }

  /** False: stopped meanwhile. */
  async function gap(): Promise<boolean> {
    const leftMs = lastBatchAtMs + batchGapMs - performance.now()
    if (leftMs > 0) await sleep(leftMs, stopping.signal).catch(() => undefined)
    return !stopping.signal.aborted
  }

  async function carry(batch: Batch): Promise<void> {
    lastBatchAtMs = performance.now()
    const under = assignment.generation
    let settled: Settled
    try {
      settled = await settler.settle(batch, () => under === assignment.generation)
    } catch (error) {
      if (error instanceof Abandoned) return
      throw error
    }
    crashPoint('after-commit')
    // An assignment that came meanwhile is claimed next, and the claim brings its own offsets.
    if (under === assignment.generation) {
      for (const partition of settled.fenced) assignment.lose(partition)
      for (const { partition, to } of settled.batch.advances.values()) {
        const owned = ownership.get(partition)
        if (owned !== undefined) owned.nextOffset = to
      }
    }
    metrics.onSettled(settled)
    const emission = emissionOf(settled, states)
    states.trim()
    await dispatcher.dispatch(emission, settled.poison, () => {
      crashPoint('after-dispatch')
      ledger.finished(settled.batch, under)
    })
  }

  function onGap(partition: number, nextOffset: number): void {
    log.warn({ partition, nextOffset }, 'records are missing before the next one: reading them again')
    assignment.seek(partition, nextOffset)
  }

  function onHole(partition: number, nextOffset: number, offset: number): void {
    log.error({ partition, nextOffset, offset }, 'the log has no records between these offsets: going on')
  }

  return {
    wake,
    async stop() {
      stopping.abort()
      clearImmediate(scheduled)
      await running
      await dispatcher.idle()
    },
    get isIdle() {
      return !isRunning && scheduled === undefined && dispatcher.isIdle
    },
  }
}
