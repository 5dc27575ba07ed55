import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import type { Database } from '../database.ts'
import { getCursor, outcomeNames, type CursorRecord, type OutcomeCounts } from './cursors.ts'

/** Who may move a cursor, as long as nobody has claimed it anew. */
export interface Holder {
  readonly conversationId: string
  readonly epoch: number
}

export interface SettledPage {
  readonly roundSeq: number
  readonly afterUserId: string
  readonly upToUserId: string
  readonly outcomes: OutcomeCounts
  readonly isLast: boolean
}

/** In a transaction, so that each of two that claim at once reads its own epoch. @throws CONVERSATION_NOT_FOUND */
export async function claimCursor(tx: Transaction<Database>, conversationId: string): Promise<CursorRecord> {
  await sql`UPDATE fanout_cursors SET epoch = epoch + 1 WHERE conversation_id = ${conversationId}`.execute(tx)
  return getCursor(tx, conversationId)
}

/**
 * An open round goes on as it is; without anything to settle, none is opened.
 * @throws CONVERSATION_NOT_FOUND, FENCED; INVALID_ARGUMENT for a seq that is above the head
 */
export async function beginRound(db: Kysely<Database>, holder: Holder, roundSeq: number): Promise<CursorRecord> {
  const { headSeq } = await getCursor(db, holder.conversationId)
  if (roundSeq > headSeq) throw new AppError('INVALID_ARGUMENT', { details: { field: 'round_seq' } })
  await sql`UPDATE fanout_cursors SET round_seq = ${roundSeq}
WHERE ${isHeldBy(holder)} AND round_seq = 0 AND settled_seq < ${roundSeq}`.execute(db)
  const cursor = await getCursor(db, holder.conversationId)
  if (cursor.epoch !== holder.epoch) throw fenced()
  return cursor
}

/** One statement: a page is counted if, and only if, the cursor moves behind it. @throws FENCED */
export async function settlePage(db: Kysely<Database>, holder: Holder, page: SettledPage): Promise<void> {
  const changes = page.isLast ? endRound(page.outcomes) : goOn(page)
  const { numAffectedRows } = await sql`UPDATE fanout_cursors SET ${sql.join(changes)}
WHERE ${isHeldBy(holder)} AND after_user_id = ${page.afterUserId} AND round_seq = ${page.roundSeq}`.execute(db)
  if (numAffectedRows !== 1n) throw fenced()
}

function isHeldBy({ conversationId, epoch }: Holder): RawBuilder<unknown> {
  return sql`conversation_id = ${conversationId} AND epoch = ${epoch}`
}

function goOn({ upToUserId, outcomes }: SettledPage): RawBuilder<unknown>[] {
  const counts = outcomeNames.map((name) => {
    const round = sql.ref(`round_${name}`)
    return sql`${round} = ${round} + ${outcomes[name]}`
  })
  return [sql`after_user_id = ${upToUserId}`, ...counts]
}

/** Assignments take effect from left to right: what is emptied is read before. */
function endRound(outcomes: OutcomeCounts): RawBuilder<unknown>[] {
  const counts = outcomeNames.flatMap((name) => {
    const [round, last, total] = [sql.ref(`round_${name}`), sql.ref(`last_${name}`), sql.ref(`total_${name}`)]
    const sum = sql`${round} + ${outcomes[name]}`
    return [sql`${total} = ${total} + ${sum}`, sql`${last} = ${sum}`, sql`${round} = 0`]
  })
  return [...counts, sql`settled_seq = round_seq`, sql`round_seq = 0`, sql`after_user_id = 0`, sql`rounds = rounds + 1`]
}

function fenced(): AppError {
  return new AppError('FENCED', { message: 'The cursor is not where the caller has left it.' })
}
