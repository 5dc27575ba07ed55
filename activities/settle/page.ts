import { placeKey } from '#delivery/heard.ts'
import type { Route } from '#delivery/route.ts'
import { AppError, toAppError, type ErrorCode } from '#infra/errors/index.ts'
import { backoff, sleep, withTimeout } from '#infra/lifecycle/index.ts'
import type { PageMember } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'
import type { Outcomes } from '#workflows/contracts.ts'
import type { ActivityDeps } from '../deps.ts'
import { defaultPace } from '../pace.ts'
import type { SlotVerdicts } from './confirm-slots.ts'
import { allOf } from './outcomes.ts'
import type { OpenRange } from './rounds.ts'

/** What a page is settled for. */
export interface PageRange extends OpenRange {
  readonly conversationId: string
  /** Undefined: an operator has skipped all of it. */
  readonly verdicts: SlotVerdicts | undefined
}

export type PageVerdict =
  | { readonly kind: 'tried'; readonly outcomes: Outcomes }
  | { readonly kind: 'failed'; readonly code: ErrorCode }
  | { readonly kind: 'interrupted' }

const maxTries = 4
const pushTimeoutMs = 5_000

/** Finds an outcome for each member of a page, and hands those who are away to the push stage. Never rejects. */
export async function tryPage(
  deps: ActivityDeps,
  members: readonly PageMember[],
  range: PageRange,
  signal: AbortSignal,
): Promise<PageVerdict> {
  const delays = backoff({ ...(deps.pace ?? defaultPace).pageRetryMs, factor: 4 })
  for (let tries = 1; ; tries += 1) {
    try {
      return { kind: 'tried', outcomes: await settleMembers(deps, members, range) }
    } catch (error) {
      if (tries === maxTries) return { kind: 'failed', code: toAppError(error).code }
    }
    await sleep(delays.next().value, signal).catch(() => undefined)
    if (signal.aborted) return { kind: 'interrupted' }
  }
}

/** @throws AppError */
export async function settleMembers(
  { routes, push }: ActivityDeps,
  members: readonly PageMember[],
  { conversationId, fromSeq, toSeq, verdicts }: PageRange,
): Promise<Outcomes> {
  if (verdicts === undefined) return allOf('skipped', members.length)
  const routesOf = await routes.read(members.map(({ userId }) => userId))
  if (routesOf === undefined) throw new AppError('UNAVAILABLE', { message: 'Routes cannot be read.' })

  const counts = { ...allOf('live', 0) }
  const away: string[] = []
  for (const { userId, isQuiet } of members) {
    const outcome = outcomeOf(routesOf.get(userId) ?? [], verdicts) ?? (isQuiet ? 'muted' : 'pushed')
    counts[outcome] += 1
    if (outcome === 'pushed') away.push(userId)
  }
  if (away.length > 0) await withTimeout(push.hand({ conversationId, fromSeq, toSeq, userIds: away }), pushTimeoutMs)
  return counts
}

/** Undefined: on no gateway that has the entries. */
function outcomeOf(routes: readonly Route[], verdicts: SlotVerdicts): 'live' | 'repaired' | undefined {
  const found = routes.map((route) => verdicts.get(placeKey(route)))
  return found.find((verdict) => verdict === 'live') ?? found.find((verdict) => verdict === 'repaired')
}
