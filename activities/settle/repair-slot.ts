import type { HeardRange } from '#delivery/heard.ts'
import { messageFrame } from '#delivery/message-frame.ts'
import { resend, type ResentEntry } from '#delivery/resend.ts'
import type { Place } from '#delivery/routes.ts'
import type { ActivityDeps } from '../deps.ts'
import type { OpenRange } from './rounds.ts'

export interface ConfirmedRange extends OpenRange {
  readonly conversationId: string
  readonly memberVersion: number
}

/** What a gateway must have heard to count as confirmed. */
export interface Repair {
  readonly place: Place
  readonly isDone: (heard: HeardRange | undefined) => boolean
}

/** More entries than this are not sent again: clients sync instead. */
const maxResent = 200
/** What the repo gives at a time. */
const entriesPerPage = 100
const resyncFrame = Buffer.from('{"t":"resync"}')

/** Sends a gateway what it has missed of a range. @throws AppError UNAVAILABLE */
export async function repairSlot(
  deps: ActivityDeps,
  place: Place,
  range: ConfirmedRange,
  heard: HeardRange | undefined,
): Promise<Repair> {
  const { conversationId, memberVersion } = range
  deps.metrics.counter('gochat_fanout_resent_total', 'Ranges that were sent to a gateway again.').inc()
  const missing = missingOf(range, heard)
  if (missing.toSeq - missing.fromSeq > maxResent) {
    const audience = { conversationId, seq: range.toSeq, memberVersion }
    await resend(deps.transport, [place], [{ payload: resyncFrame, audience }])
    return { place, isDone: (now) => (now?.upToSeq ?? 0) >= range.toSeq }
  }
  await resend(deps.transport, [place], await readEntries(deps, range, missing))
  return { place, isDone: (now) => hasHeard(now, range) }
}

/**
 * What joins the gateway's interval and the range. An interval that begins too late is sent again to its end, also beyond
 * the range: a gateway that hears an earlier entry begins a new interval, and must get from there to where it was.
 */
function missingOf({ fromSeq, toSeq }: OpenRange, heard: HeardRange | undefined): OpenRange {
  if (heard === undefined || heard.upToSeq <= fromSeq) return { fromSeq, toSeq }
  if (heard.fromSeq <= fromSeq + 1) return { fromSeq: heard.upToSeq, toSeq }
  return { fromSeq, toSeq: Math.max(toSeq, heard.upToSeq) }
}

async function readEntries(
  { messages }: ActivityDeps,
  { conversationId, memberVersion }: ConfirmedRange,
  { fromSeq, toSeq }: OpenRange,
): Promise<ResentEntry[]> {
  const resent: ResentEntry[] = []
  for (let afterSeq = fromSeq; afterSeq < toSeq; afterSeq += entriesPerPage) {
    const upToSeq = Math.min(toSeq, afterSeq + entriesPerPage)
    const { entries } = await messages.listEntries({ conversationId, afterSeq, upToSeq, limit: entriesPerPage })
    for (const entry of entries) {
      const payload = messageFrame(conversationId, entry.seq, entry, entry.createdAtMs)
      resent.push({ payload, audience: { conversationId, seq: entry.seq, memberVersion } })
    }
  }
  return resent
}

/** All of the range, and without a gap. */
export function hasHeard(heard: HeardRange | undefined, { fromSeq, toSeq }: OpenRange): boolean {
  return heard !== undefined && heard.fromSeq <= fromSeq + 1 && heard.upToSeq >= toSeq
}
