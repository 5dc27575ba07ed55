import type { SettleResult } from '#activities/contract.ts'
import type { FanoutProgress, FanoutState, GroupFanoutInput, Outcomes, PageLetter } from './contracts.ts'
import { addRange, isSeq, toRange } from './seq-ranges.ts'

/** All that a run of groupFanout knows. */
export interface FanoutRun {
  readonly progress: FanoutProgress
  readonly isPaused: boolean
  /** The stored head must be looked at, whatever was poked. */
  readonly isDue: boolean
  /** The highest head that was poked since the newest activity began. */
  readonly pokedSeq: number
  /** Pages that the next activity may count as parked. */
  readonly parked: readonly PageLetter[]
}

export type FanoutEvent =
  | { readonly kind: 'poke' | 'skip'; readonly argument: unknown }
  | { readonly kind: 'pause' | 'resume' | 'begin' | 'stopped' | 'end' }
  | { readonly kind: 'settled'; readonly result: SettleResult }
  | { readonly kind: 'failed'; readonly error: string }

/** settle: run an activity; wait: an operator has to act; idle: nothing is known to be left. */
export type FanoutStep = 'settle' | 'wait' | 'idle'

const nobody: Outcomes = { live: 0, repaired: 0, pushed: 0, muted: 0, parked: 0, skipped: 0 }

export function beginRun({ conversationId, carried }: GroupFanoutInput): FanoutRun {
  const progress: FanoutProgress = carried?.progress ?? {
    conversationId,
    state: 'running',
    settledSeq: 0,
    headSeq: 0,
    rounds: 0,
    members: 0,
    lastRound: nobody,
    total: nobody,
    membersPerSecond: 0,
    lastError: '',
    skips: [],
  }
  return { progress, isPaused: carried?.isPaused ?? false, isDue: true, pokedSeq: carried?.headSeq ?? 0, parked: [] }
}

export function nextStep({ progress, isDue, pokedSeq }: FanoutRun): FanoutStep {
  if (progress.state === 'paused' || progress.state === 'blocked') return 'wait'
  return isDue || pokedSeq > progress.settledSeq ? 'settle' : 'idle'
}

export function reduce(run: FanoutRun, event: FanoutEvent): FanoutRun {
  switch (event.kind) {
    case 'poke':
      return poked(run, event.argument)
    case 'skip':
      return skipped(run, event.argument)
    case 'pause':
      return withState({ ...run, isPaused: true }, 'paused')
    case 'resume':
      return withState({ ...run, isPaused: false, isDue: true }, 'running')
    case 'begin':
      return { ...run, isDue: false, pokedSeq: 0 }
    case 'stopped':
      return { ...run, isDue: true }
    case 'settled':
      return settled(run, event.result)
    case 'failed':
      return failed(run, event.error)
    case 'end':
      return withState(run, 'done')
  }
}

/** Without a seq: look for yourself. */
function poked(run: FanoutRun, argument: unknown): FanoutRun {
  const { headSeq } = (argument ?? {}) as { readonly headSeq?: unknown }
  if (!isSeq(headSeq)) return { ...run, isDue: true }
  const progress = { ...run.progress, headSeq: Math.max(run.progress.headSeq, headSeq) }
  return { ...run, progress, pokedSeq: Math.max(run.pokedSeq, headSeq) }
}

function skipped(run: FanoutRun, argument: unknown): FanoutRun {
  const { settledSeq, headSeq, skips } = run.progress
  const range = toRange(argument) ?? { fromSeq: settledSeq + 1, toSeq: headSeq }
  if (range.toSeq < Math.max(range.fromSeq, settledSeq + 1)) return run
  return { ...run, progress: { ...run.progress, skips: addRange(skips, range) } }
}

function settled(run: FanoutRun, { reason, parked, ...found }: SettleResult): FanoutRun {
  const { progress, pokedSeq } = run
  const merged: FanoutProgress = {
    ...progress,
    ...found,
    // The stored head counts: a poke that was wrong is forgotten with the next activity.
    headSeq: Math.max(found.headSeq, pokedSeq),
    membersPerSecond: found.membersPerSecond || progress.membersPerSecond,
    lastError: '',
    skips: progress.skips.filter(({ toSeq }) => toSeq > found.settledSeq),
  }
  return { ...run, progress: merged, parked, isDue: run.isDue || reason !== 'idle' }
}

function failed(run: FanoutRun, error: string): FanoutRun {
  const blocked = { ...run, isDue: true, progress: { ...run.progress, lastError: error } }
  return run.isPaused ? blocked : withState(blocked, 'blocked')
}

function withState(run: FanoutRun, state: FanoutState): FanoutRun {
  return { ...run, progress: { ...run.progress, state } }
}
