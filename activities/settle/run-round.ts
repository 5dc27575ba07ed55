import { AppError } from '#infra/errors/index.ts'
import { sleep } from '#infra/lifecycle/index.ts'
import type { Cursor, PageMember } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'
import type { Outcomes, PageLetter } from '#workflows/contracts.ts'
import type { ActivityDeps } from '../deps.ts'
import { defaultPace } from '../pace.ts'
import { allOf } from './outcomes.ts'
import { tryPage, type PageRange, type PageVerdict } from './page.ts'

export interface RoundOptions {
  /** With an open round. */
  readonly cursor: Cursor
  readonly range: PageRange
  /** Pages that have their dead letters. */
  readonly parked: readonly PageLetter[]
  /** Asked after each page; the pages under way are finished. */
  readonly mustStop: () => boolean
  /** The cursor has moved behind this user. */
  readonly onSettled: (upToUserId: string, outcomes: Outcomes) => void
  readonly signal: AbortSignal
}

export type RoundEnd =
  | { readonly kind: 'ended' | 'stopped' }
  /** The cursor stands before these pages, which need dead letters. */
  | { readonly kind: 'parked'; readonly letters: readonly PageLetter[] }

interface Page {
  readonly afterUserId: string
  readonly upToUserId: string
  readonly isLast: boolean
  readonly work: Promise<PageVerdict>
}

const maxPagesInFlight = 4
/** So many failed pages in a row are no fault of the pages. */
const maxFailedInRow = 3

/**
 * Settles the pages of an open round, from where it stands. Pages overlap, but are counted in their order.
 * @throws AppError FENCED when another attempt has claimed the cursor.
 */
export async function runRound(deps: ActivityDeps, options: RoundOptions): Promise<RoundEnd> {
  const { cursor, range, parked, mustStop, onSettled, signal } = options
  const { conversationId, epoch, roundSeq } = cursor
  const { membersPerPage, membersPerSecond } = deps.pace ?? defaultPace
  let nextPageAtMs = 0
  const waiting: Page[] = []
  let nextAfter: string | undefined = cursor.afterUserId

  const isDue = () => performance.now() >= nextPageAtMs

  for (;;) {
    while (nextAfter !== undefined && (waiting.length === 0 || (waiting.length < maxPagesInFlight && isDue()))) {
      nextAfter = await beginNext(nextAfter)
    }
    const page = waiting[0]
    if (page === undefined) return { kind: 'stopped' }
    const verdict = await page.work
    if (verdict.kind === 'interrupted') return { kind: 'stopped' }
    if (verdict.kind === 'failed') {
      // The next ones tell whether it is the page.
      while (nextAfter !== undefined && waiting.length < maxFailedInRow) nextAfter = await beginNext(nextAfter)
      return { kind: 'parked', letters: await failedInRow(waiting) }
    }

    const { afterUserId, upToUserId, isLast } = page
    const { outcomes } = verdict
    const settled = { conversationId, epoch, roundSeq, afterUserId, upToUserId, outcomes, isLast }
    await deps.fanout.settlePage(settled, { retries: 0 })
    onSettled(upToUserId, outcomes)
    if (isLast) return { kind: 'ended' }
    waiting.shift()
    if (mustStop()) nextAfter = undefined
  }

  /** Returns behind whom the page after it begins; undefined: it is the last. */
  async function beginNext(afterUserId: string): Promise<string | undefined> {
    const page = await begin(afterUserId)
    waiting.push(page)
    return page.isLast ? undefined : page.upToUserId
  }

  async function begin(afterUserId: string): Promise<Page> {
    const { fromSeq, toSeq } = range
    if (!isDue()) await sleep(nextPageAtMs - performance.now(), signal)
    nextPageAtMs = performance.now() + (membersPerPage * 1000) / membersPerSecond
    const letter = parked.find((letter) => letter.toSeq === toSeq && letter.afterUserId === afterUserId)
    const { members, hasMore } = await deps.fanout.listPage({
      conversationId,
      fromSeq,
      toSeq,
      afterUserId,
      upToUserId: letter?.upToUserId ?? '',
      limit: membersPerPage,
    })
    if (letter !== undefined) {
      const work = Promise.resolve<PageVerdict>({ kind: 'tried', outcomes: allOf('parked', members.length) })
      return { afterUserId, upToUserId: letter.upToUserId, isLast: false, work }
    }
    return { afterUserId, upToUserId: lastOf(members), isLast: !hasMore, work: tryPage(deps, members, range, signal) }
  }

  /** The first pages that failed. Nothing of them is counted yet, so that none is lost when it is not the pages. */
  async function failedInRow(pages: readonly Page[]): Promise<PageLetter[]> {
    const letters: PageLetter[] = []
    for (const { work, afterUserId, upToUserId } of pages) {
      const verdict = await work
      if (verdict.kind !== 'failed') break
      const { fromSeq, toSeq } = range
      letters.push({ kind: 'page', conversationId, fromSeq, toSeq, afterUserId, upToUserId, reason: verdict.code })
    }
    if (letters.length < maxFailedInRow) return letters
    throw new AppError('UNAVAILABLE', { message: `${letters.length} pages in a row failed: ${letters[0]!.reason}.` })
  }
}

function lastOf(members: readonly PageMember[]): string {
  return members.at(-1)?.userId ?? ''
}
