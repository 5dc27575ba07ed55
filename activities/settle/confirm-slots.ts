import { placeKey, type HeardRange } from '#delivery/heard.ts'
import type { Place } from '#delivery/routes.ts'
import { sleep } from '#infra/lifecycle/index.ts'
import type { ActivityDeps } from '../deps.ts'
import { defaultPace } from '../pace.ts'
import { hasHeard, repairSlot, type ConfirmedRange, type Repair } from './repair-slot.ts'

/** live: has heard the range. repaired: has heard it after it was sent again. silent: has not. */
export type SlotVerdict = 'live' | 'repaired' | 'silent'

/** By `placeKey`. A gateway that is not in it came later, or was dead already. */
export type SlotVerdicts = ReadonlyMap<string, SlotVerdict>

/**
 * Waits until live gateways have heard a range, and sends it again to those that have not.
 * @throws AppError UNAVAILABLE; an AbortError when the signal aborts.
 */
export async function confirmSlots(
  deps: ActivityDeps,
  range: ConfirmedRange,
  signal: AbortSignal,
): Promise<SlotVerdicts> {
  const { slots, pace = defaultPace } = deps
  const places = slots.live()
  const verdicts = new Map<string, SlotVerdict>(places.map((place) => [placeKey(place), 'live']))

  const live: readonly Repair[] = places.map((place) => ({ place, isDone: (heard) => hasHeard(heard, range) }))
  const late = await waitFor(live, pace.liveWaitMs)
  if (late.size === 0) return verdicts

  const repairs: Repair[] = []
  for (const [{ place }, heard] of late) {
    verdicts.set(placeKey(place), 'repaired')
    repairs.push(await repairSlot(deps, place, range, heard))
  }
  const silent = await waitFor(repairs, pace.repairWaitMs)
  for (const { place } of silent.keys()) verdicts.set(placeKey(place), 'silent')
  return verdicts

  /** Resolves with those that are not done when the time is up, and what they have heard. */
  async function waitFor(repairs: readonly Repair[], timeoutMs: number): Promise<Map<Repair, HeardRange | undefined>> {
    const deadlineMs = performance.now() + timeoutMs
    for (;;) {
      const marks = await deps.heard.read(range.conversationId)
      const heardBy = ({ place }: { readonly place: Place }) => marks.get(placeKey(place))
      const waiting = repairs.filter((repair) => !repair.isDone(heardBy(repair)))
      if (waiting.length === 0 || performance.now() >= deadlineMs) {
        return new Map(waiting.map((repair) => [repair, heardBy(repair)]))
      }
      await sleep(pace.heardPollMs, signal)
    }
  }
}
