import { Context } from '@temporalio/activity'
import { AppError, toAppError } from '#infra/errors/index.ts'
import { sleep } from '#infra/lifecycle/index.ts'
import type { Cursor } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'
import type { PageLetter } from '#workflows/contracts.ts'
import type { Activities, SettleHeartbeat, SettleInput, SettleReason, SettleResult } from '../contract.ts'
import type { ActivityDeps } from '../deps.ts'
import { defaultPace } from '../pace.ts'
import { confirmSlots } from './confirm-slots.ts'
import { createMeter } from './meter.ts'
import { fromStored } from './outcomes.ts'
import type { PageRange } from './page.ts'
import { showPresence } from './presence.ts'
import { isSkipped, nextRoundSeq } from './rounds.ts'
import { runRound, type RoundEnd } from './run-round.ts'

/** Settles in rounds until nothing is left and nothing new has come for a moment. Nobody else moves the cursor meanwhile. */
export function createSettle(deps: ActivityDeps): Activities['settle'] {
  const { fanout, settling, pace = defaultPace } = deps
  const meter = createMeter(deps.metrics)

  return async (input) => {
    try {
      return await settle(input)
    } catch (error) {
      if (isFenced(error)) meter.fenced()
      throw error
    }
  }

  async function settle({ conversationId, skips, parked }: SettleInput): Promise<SettleResult> {
    const { cancellationSignal: signal, heartbeat } = Context.current()
    const deadlineMs = performance.now() + pace.activityMs
    const speed = meter.begin()
    let nextRoundAtMs = 0
    let cursor = cursorOf(await fanout.claimCursor({ conversationId }))
    const { epoch } = cursor

    for (;;) {
      const presence = await showPresence(deps, conversationId, beat)
      let end: SettleReason | readonly PageLetter[]
      try {
        end = await work()
      } finally {
        await presence[Symbol.asyncDispose]()
      }
      if (end !== 'idle') return typeof end === 'string' ? resultOf(end) : resultOf('parked', end)
      // Pokes were left out because of the mark: what came meanwhile is seen by the look behind its end.
      await settling.clear(conversationId)
      await look()
      if (!isBehind(cursor)) return resultOf('idle')
    }

    async function work(): Promise<SettleReason | readonly PageLetter[]> {
      try {
        return await roundsUntilIdle()
      } catch (error) {
        if (isFenced(error) || !signal.aborted) throw error
        // What was under way is broken off; the cursor is where the last page ended.
        return 'cancelled'
      }
    }

    async function roundsUntilIdle(): Promise<SettleReason | readonly PageLetter[]> {
      for (;;) {
        if (signal.aborted) return 'cancelled'
        if (performance.now() >= deadlineMs && isBehind(cursor)) return 'time'
        if (!isBehind(cursor) && !(await linger())) return signal.aborted ? 'cancelled' : 'idle'
        await sleep(Math.max(0, nextRoundAtMs - performance.now()), signal)
        nextRoundAtMs = performance.now() + pace.roundGapMs
        const end = await round()
        await look()
        if (end.kind === 'parked') return end.letters
      }
    }

    /** Whether there is something to settle in the end. */
    async function linger(): Promise<boolean> {
      const untilMs = performance.now() + pace.lingerMs
      while (performance.now() < untilMs && !signal.aborted) {
        await sleep(pace.headPollMs, signal).catch(() => undefined)
        await look()
        if (isBehind(cursor)) return !signal.aborted
      }
      return false
    }

    async function round(): Promise<RoundEnd> {
      if (cursor.roundSeq === 0) {
        const roundSeq = nextRoundSeq(cursor.settledSeq, cursor.headSeq, skips)
        cursor = cursorOf(await fanout.beginRound({ conversationId, epoch, roundSeq }))
      }
      const { settledSeq: fromSeq, roundSeq: toSeq, memberVersion } = cursor
      const range = { conversationId, fromSeq, toSeq, memberVersion }
      return speed.during(async () => {
        const verdicts = isSkipped(range, skips) ? undefined : await confirmSlots(deps, range, signal)
        return settlePages({ ...range, verdicts })
      })
    }

    function settlePages(range: PageRange): Promise<RoundEnd> {
      return runRound(deps, {
        cursor,
        range,
        parked,
        signal,
        mustStop: () => signal.aborted || performance.now() >= deadlineMs,
        onSettled(upToUserId, outcomes) {
          speed.count(outcomes)
          cursor = { ...cursor, afterUserId: upToUserId }
          beat()
        },
      })
    }

    async function look(): Promise<void> {
      cursor = cursorOf(await fanout.getCursor({ conversationId }))
      if (cursor.epoch !== epoch)
        throw new AppError('FENCED', { message: 'Another attempt settles this conversation.' })
    }

    function beat(): void {
      const { settledSeq, roundSeq, afterUserId } = cursor
      heartbeat({ settledSeq, roundSeq, afterUserId, membersPerSecond: speed.perSecond() } satisfies SettleHeartbeat)
    }

    function resultOf(reason: SettleReason, letters: readonly PageLetter[] = []): SettleResult {
      const { settledSeq, headSeq, rounds, memberCount, lastRound, total } = cursor
      return {
        settledSeq,
        headSeq,
        rounds,
        members: memberCount,
        lastRound: fromStored(lastRound),
        total: fromStored(total),
        membersPerSecond: speed.perSecond(),
        parked: letters,
        reason,
      }
    }
  }
}

function isFenced(error: unknown): boolean {
  return toAppError(error).code === 'FENCED'
}

function isBehind({ roundSeq, settledSeq, headSeq }: Cursor): boolean {
  return roundSeq > 0 || settledSeq < headSeq
}

function cursorOf({ cursor }: { readonly cursor?: Cursor | undefined }): Cursor {
  if (cursor === undefined) throw new AppError('INTERNAL', { message: 'The repo answered without a cursor.' })
  return cursor
}
