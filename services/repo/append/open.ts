import type { HotSession } from '#infra/mysql/index.ts'
import type { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ConversationAppend } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { rowsTable } from './literals.ts'
import type { MemberRow } from './member-changes.ts'
import { advanceSql } from './ownership.ts'
import { isChanging, type Plan } from './plan.ts'
import { run } from './session.ts'
import { readAnswers, storedAnswersSql, type AnswerRow } from './stored-answers.ts'

/** A conversation as this transaction sees it, its entries counted in already. */
export interface Head {
  readonly lastSeq: number
  readonly lastOrdinal: number
  /** From here on as before this transaction. */
  readonly memberVersion: number
  readonly deliveryClass: DeliveryClass
  readonly classSinceSeq: number
}

export interface Opened {
  readonly heads: ReadonlyMap<string, Head>
  /** Rows of those whom member changes name, by conversation and user. */
  readonly members: ReadonlyMap<string, ReadonlyMap<string, MemberRow>>
  /** Of the request's lookups. */
  readonly answers: readonly AnswerRow[]
}

/**
 * The first packet: begins the transaction, passes the fence, takes the next seqs, and reads what the second packet needs.
 * `undefined` when the fence stayed shut. The caller rolls back in that case, and on any error.
 */
export async function openTransaction(session: HotSession, plan: Plan): Promise<Opened | undefined> {
  const changing = plan.conversations.filter(isChanging)
  const changes = changing.flatMap(changedUsers)
  const lookups = storedAnswersSql(plan.conversations, 'lookups')
  const statements = ['BEGIN', advanceSql(plan.partitions)]
  if (changing.length > 0) statements.push(growSql(changing, plan.createdAt), headsSql(changing))
  if (changes.length > 0) statements.push(membersSql(changes))
  const results = await run(session, [...statements, ...lookups])

  if ((results[1] as { affectedRows: number }).affectedRows !== plan.partitions.length) return undefined
  const headRows = changing.length > 0 ? (results[3] as HeadRow[]) : []
  const memberRows = changes.length > 0 ? (results[4] as MemberRow[]) : []
  return {
    heads: new Map(headRows.map((row) => [row.id, toHead(row)])),
    members: groupMembers(memberRows),
    answers: readAnswers(results.slice(statements.length)),
  }
}

interface HeadRow {
  readonly id: string
  readonly last_seq: number
  readonly last_ordinal: number
  readonly member_version: number
  readonly delivery_class: DeliveryClass
  readonly class_since_seq: number
}

function toHead(row: HeadRow): Head {
  return {
    lastSeq: row.last_seq,
    lastOrdinal: row.last_ordinal,
    memberVersion: row.member_version,
    deliveryClass: row.delivery_class,
    classSinceSeq: row.class_since_seq,
  }
}

/** Locks the rows, also of those that get no entry: it is no activity of theirs then. */
function growSql(conversations: readonly ConversationAppend[], createdAt: string): string {
  const rows = conversations.map(({ conversationId, entries }) => {
    let unread = 0
    for (const entry of entries) if (entry.isUnread) unread += 1
    return `[${conversationId},${entries.length},${unread}]`
  })
  const columns = "c BIGINT UNSIGNED PATH '$[0]', n INT UNSIGNED PATH '$[1]', u INT UNSIGNED PATH '$[2]'"
  return `UPDATE ${rowsTable(rows, columns)} STRAIGHT_JOIN conversations k ON k.id = r.c
SET k.last_seq = k.last_seq + r.n, k.last_ordinal = k.last_ordinal + r.u,
  k.last_entry_at = IF(r.n = 0, k.last_entry_at, GREATEST(k.last_entry_at, ${createdAt}))`
}

function headsSql(conversations: readonly ConversationAppend[]): string {
  const ids = conversations.map(({ conversationId }) => conversationId).join()
  return `SELECT id, last_seq, last_ordinal, member_version, delivery_class, class_since_seq
FROM conversations WHERE id IN (${ids})`
}

function changedUsers({ conversationId, entries, outcomes }: ConversationAppend): string[] {
  return [...entries, ...outcomes].flatMap(({ memberChanges }) =>
    memberChanges.map(({ userId }) => `[${conversationId},${userId}]`),
  )
}

function membersSql(rows: readonly string[]): string {
  const columns = "c BIGINT UNSIGNED PATH '$[0]', u BIGINT UNSIGNED PATH '$[1]'"
  return `SELECT m.conversation_id, m.user_id, m.role, m.join_seq, m.leave_seq, m.read_seq, m.read_ordinal, m.muted_until
FROM ${rowsTable(rows, columns)} STRAIGHT_JOIN members m ON m.conversation_id = r.c AND m.user_id = r.u`
}

function groupMembers(rows: readonly MemberRow[]): Map<string, Map<string, MemberRow>> {
  const groups = new Map<string, Map<string, MemberRow>>()
  for (const row of rows) {
    const group = groups.get(row.conversation_id) ?? new Map<string, MemberRow>()
    groups.set(row.conversation_id, group.set(row.user_id, row))
  }
  return groups
}
