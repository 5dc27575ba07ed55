/**
 * Station 10 of the message path. Before: services/logic/pipeline/append.ts. After: services/repo/append/write.ts.
 * One request becomes one transaction, or an answer that says why not.
 */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { AppError } from '#infra/errors/index.ts'
import { isDeadlock, isDuplicateKey, type HotConnection, type HotSession } from '#infra/mysql/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { AppendStreamRequest, AppendStreamResponseSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { findRefused } from './bisect.ts'
import { openTransaction, type Opened } from './open.ts'
import { explainMismatch } from './ownership.ts'
import { isChanging, isRejection, planAppend, type Plan, type Rejection } from './plan.ts'
import { isDataError, rollBack, run } from './session.ts'
import { findKnown, toStoredAnswers } from './stored-answers.ts'
import { draftWrite, packetsOf, writeSql } from './write.ts'

export type AppendResult = NonNullable<MessageInitShape<typeof AppendStreamResponseSchema>['result']>

export interface AppenderOptions {
  readonly hot: HotConnection
  /** What the transaction may have changed; called as soon as its outcome is known, or is known to be unknown. */
  readonly onWritten: (plan: Plan) => void
  readonly log: Logger
}

/**
 * One request, one transaction, two packets. Never throws for what a database does: that is Unavailable.
 * Must not be called again before it has answered: the connection has one transaction at a time.
 * @throws INVALID_ARGUMENT when the request as a whole is malformed.
 */
export async function append(request: AppendStreamRequest, options: AppenderOptions): Promise<AppendResult> {
  const plan = planAppend(request)
  if (isRejection(plan)) return rejected(plan)
  for (let attempt = 0; ; attempt += 1) {
    try {
      const session = await options.hot.ready(readyTimeoutMs)
      const result = await attemptOnce(session, plan, options)
      if (result !== undefined) return result
      throw new AppError('FENCED', { message: 'The fence was shut, and then it was not.' })
    } catch (error) {
      const mayRepeat = isDeadlock(error) || (error instanceof AppError && error.code === 'FENCED')
      if (!mayRepeat || attempt >= maxRepeats) return unavailable(error, options.log)
    }
  }
}

const readyTimeoutMs = 1_000
const maxRepeats = 3

/** Resolves with nothing when it is worth another try. */
async function attemptOnce(
  session: HotSession,
  plan: Plan,
  { onWritten }: AppenderOptions,
): Promise<AppendResult | undefined> {
  let isCommitting = false
  try {
    // Drafted while the first packet is on its way.
    const [opened, draft] = await Promise.all([openTransaction(session, plan), draftWrite(plan)])
    if (opened === undefined) {
      await rollBack(session)
      return await answerMismatch(session, plan)
    }
    const missing = findMissing(plan, opened)
    if (missing !== undefined) {
      await rollBack(session)
      return rejected(missing)
    }
    const packets = packetsOf([...writeSql(plan, draft, opened), 'COMMIT'])
    isCommitting = true
    for (const packet of packets) await run(session, packet)
    onWritten(plan)
    return applied(opened)
  } catch (error) {
    // Answered by the server, the error came before COMMIT: a packet ends at its first error.
    if (isCommitting && !session.isOpen) onWritten(plan)
    await rollBack(session)
    if (isDuplicateKey(error)) return answerDuplicate(session, plan, error)
    if (isDataError(error)) return rejected(await findRefused(session, plan, error))
    throw error
  }
}

function findMissing(plan: Plan, opened: Opened): Rejection | undefined {
  const missing = plan.conversations.find(
    (conversation) => isChanging(conversation) && !opened.heads.has(conversation.conversationId),
  )
  return missing && { conversationId: missing.conversationId, entryIndex: -1, reason: 'no such conversation' }
}

async function answerMismatch(session: HotSession, plan: Plan): Promise<AppendResult | undefined> {
  const mismatch = await explainMismatch(session, plan.partitions)
  if (mismatch === undefined) return undefined
  if (mismatch !== 'applied-before') return { case: 'fenced', value: { partitions: [...mismatch.fenced] } }
  const known = await findKnown(session, plan.conversations, ['writes', 'lookups'])
  return { case: 'known', value: { answers: toStoredAnswers(known), alreadyApplied: true } }
}

/** The fence had opened, so the caller was the owner; and what is stored under an id never changes. */
async function answerDuplicate(session: HotSession, plan: Plan, cause: unknown): Promise<AppendResult> {
  const known = await findKnown(session, plan.conversations, ['writes'])
  if (known.length > 0) return { case: 'known', value: { answers: toStoredAnswers(known) } }
  const culprit = findRepeatedId(plan) ?? (await findLogAhead(session, plan))
  if (culprit !== undefined) return rejected(culprit)
  throw cause
}

/** The caller collapses equal ids; if it does not, its request must not come back for ever. */
function findRepeatedId({ conversations }: Plan): Rejection | undefined {
  for (const { conversationId, entries, outcomes } of conversations) {
    const seen = new Set<string>()
    for (const { senderId, clientMessageId, commandId } of entries) {
      const id = `${senderId} ${clientMessageId} ${commandId}`
      if (seen.has(id)) {
        const entryIndex = entries.findLastIndex((e) => `${e.senderId} ${e.clientMessageId} ${e.commandId}` === id)
        return { conversationId, entryIndex, reason: 'the id is twice in the request' }
      }
      seen.add(id)
    }
    for (const { actorId, commandId } of outcomes) {
      const id = `${actorId}  ${commandId}`
      if (seen.has(id)) return { conversationId, entryIndex: -1, reason: 'an id is twice in the request' }
      seen.add(id)
    }
  }
  return undefined
}

/** Damaged data, such as a restore that mixed two states: it stops its own conversation, and no other. */
async function findLogAhead(session: HotSession, { conversations }: Plan): Promise<Rejection | undefined> {
  const ids = conversations.map(({ conversationId }) => conversationId).join()
  const [rows] = await run(session, [
    `SELECT k.id FROM conversations k JOIN messages m ON m.conversation_id = k.id AND m.seq = k.last_seq + 1
WHERE k.id IN (${ids}) LIMIT 1`,
  ])
  const [row] = rows as { id: string }[]
  return row && { conversationId: row.id, entryIndex: -1, reason: 'the log is ahead of its head' }
}

function applied({ heads, answers }: Opened): AppendResult {
  const list = [...heads].map(([conversationId, { lastSeq }]) => ({ conversationId, lastSeq }))
  return { case: 'applied', value: { heads: list, answers: toStoredAnswers(answers) } }
}

function rejected(value: Rejection): AppendResult {
  return { case: 'rejected', value }
}

function unavailable(error: unknown, log: Logger): AppendResult {
  if (error instanceof AppError) log.warn({ code: error.code, reason: error.message }, 'append: no outcome')
  // Not the connection: a full disk, a missing table, or a fault of ours. Without repair it comes back for ever.
  else log.error({ err: error }, 'append: no outcome')
  const reason = error instanceof AppError ? error.message : 'the database refuses for now'
  return { case: 'unavailable', value: { reason } }
}
