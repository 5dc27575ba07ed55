import { AppError } from '#infra/errors/index.ts'
import { isDuplicateKey, type HotSession } from '#infra/mysql/index.ts'
import type { ConversationAppend } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { openTransaction } from './open.ts'
import type { Plan, Rejection } from './plan.ts'
import { isDataError, rollBack, run } from './session.ts'
import { draftWrite, writeSql } from './write.ts'

/**
 * Finds what the database refuses, by transactions that are rolled back: the first conversation that fails, then the shortest
 * prefix of its entries that does. By prefix, because entries build upon those before them.
 * @throws what is no data error: then nothing is known of any entry. FENCED when the partitions were lost meanwhile.
 */
export async function findRefused(session: HotSession, plan: Plan, cause: unknown): Promise<Rejection> {
  const { conversations } = plan
  const fails = (subset: readonly ConversationAppend[]) => isRefused(session, { ...plan, conversations: subset })
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'refused'

  const count = await smallest(conversations.length, (length) => fails(conversations.slice(0, length)))
  const culprit = conversations[count - 1]
  if (culprit === undefined) throw new AppError('INTERNAL', { message: 'A data error that does not repeat.', cause })
  const { conversationId, entries } = culprit
  const length = await smallest(entries.length, (prefix) =>
    fails([{ ...culprit, entries: entries.slice(0, prefix), outcomes: [], reads: [], lookups: [] }]),
  )
  return { conversationId, entryIndex: length - 1, reason }
}

/** The smallest 1 ≤ n ≤ max for which it holds, when holding for n implies holding for n + 1; 0 when it never does. */
export async function smallest(max: number, holds: (n: number) => Promise<boolean>): Promise<number> {
  if (max === 0 || !(await holds(max))) return 0
  let low = 0
  let high = max
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (await holds(middle)) high = middle
    else low = middle
  }
  return high
}

async function isRefused(session: HotSession, plan: Plan): Promise<boolean> {
  try {
    const opened = await openTransaction(session, plan)
    if (opened === undefined) throw new AppError('FENCED')
    const statements = writeSql(plan, await draftWrite(plan), opened)
    if (statements.length > 0) await run(session, statements)
    return false
  } catch (error) {
    if (isDataError(error)) return true
    // A known id is not what is looked for here.
    if (isDuplicateKey(error)) return false
    throw error
  } finally {
    await rollBack(session)
  }
}
