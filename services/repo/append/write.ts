/**
 * Station 11 of the message path. Before: services/repo/append/appender.ts. After: services/logic/pipeline/dispatch.ts.
 * Offsets, seqs, rows, COMMIT: here a message is stored.
 */
import type { ConversationAppend } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { conversationChangesSql } from './conversation-changes.ts'
import { classesSql, findClassChange, type ClassChange } from './class-change.ts'
import { joinRequestsSql } from './join-requests.ts'
import { hex, quote, quoteBytes, rowsTable } from './literals.ts'
import { applyMemberChanges, type MemberRow } from './member-changes.ts'
import { membersSql, versionsSql, type MemberVersions } from './member-rows.ts'
import type { Head, Opened } from './open.ts'
import type { Plan } from './plan.ts'

/** What of the rows does not depend on the seqs, in the order of the request: made while the first packet is on its way. */
export interface Draft {
  readonly entries: readonly string[]
  readonly commands: readonly string[]
  readonly outcomes: readonly string[]
}

export async function draftWrite({ conversations, createdAt }: Plan): Promise<Draft> {
  const entries: string[] = []
  const commands: string[] = []
  const outcomes: string[] = []
  for (const conversation of conversations) {
    const id = conversation.conversationId
    for (const { type, senderId, clientMessageId, commandId, contentHash, body } of conversation.entries) {
      const hash = hex(contentHash)
      const messageId = clientMessageId === '' ? 'NULL' : quote(clientMessageId)
      entries.push(`,${id},${quote(type)},${senderId},${messageId},${hash},${quoteBytes(body)},${createdAt})`)
      if (commandId !== '') commands.push(`,${id},${senderId},${quote(commandId)},${hash},'applied',${createdAt})`)
    }
    for (const { actorId, commandId, contentHash, outcome } of conversation.outcomes) {
      outcomes.push(`(0,${id},${actorId},${quote(commandId)},${hex(contentHash)},${quote(outcome)},${createdAt})`)
    }
  }
  return { entries, commands, outcomes }
}

/** The rest of the transaction but its end: rows, in the order of locking. */
export function writeSql({ conversations, createdAt }: Plan, draft: Draft, opened: Opened): readonly string[] {
  const messages: string[] = []
  const commands: string[] = []
  const sent: string[] = []
  const reads: string[] = []
  const members: MemberRow[] = []
  const versions: MemberVersions[] = []
  const classes: ClassChange[] = []
  const others: string[] = []
  for (const conversation of conversations) {
    const { conversationId, entries } = conversation
    const head = opened.heads.get(conversationId)
    if (head !== undefined) {
      const before = headBefore(conversation, head)
      let { seq, ordinal } = before
      let isChanged = false
      const senders = new Map<string, string>()
      for (const { isUnread, senderId, commandId, conversationChange } of entries) {
        seq += 1
        if (isUnread) {
          ordinal += 1
          senders.set(senderId, `[${conversationId},${senderId},${seq},${ordinal}]`)
        }
        messages.push(`(${seq},${ordinal}${draft.entries[messages.length]}`)
        if (conversationChange !== undefined) isChanged = true
        if (commandId !== '') commands.push(`(${seq}${draft.commands[commands.length]}`)
      }
      sent.push(...senders.values())
      const changes = applyMemberChanges(conversation, opened.members.get(conversationId) ?? noMembers, before)
      members.push(...changes.rows)
      if (changes.changedIds.length > 0) versions.push({ conversationId, since: head.memberVersion, ...changes })
      const classChange = findClassChange(conversation, head)
      if (classChange !== undefined) classes.push(classChange)
      if (isChanged) others.push(...conversationChangesSql(conversation, before.seq))
      const { joinRequests } = changes
      if (joinRequests !== undefined) others.push(...joinRequestsSql(conversationId, joinRequests, createdAt))
    }
    for (const { userId, seq } of latestReads(conversation)) reads.push(`[${conversationId},${userId},${seq}]`)
  }
  commands.push(...draft.outcomes)
  const statements = [...insertsOf('messages', messages), ...insertsOf('commands', commands)]
  if (members.length > 0) statements.push(membersSql(members))
  if (versions.length > 0) statements.push(...versionsSql(versions))
  if (classes.length > 0) statements.push(...classesSql(classes))
  statements.push(...others)
  if (sent.length > 0) statements.push(sentSql(sent))
  if (reads.length > 0) statements.push(readsSql(reads))
  return statements
}

const noMembers: ReadonlyMap<string, MemberRow> = new Map()

/** As few packets as their size allows: in nearly every case one. */
export function packetsOf(statements: readonly string[]): string[][] {
  const packets: string[][] = []
  let length = Infinity
  for (const statement of statements) {
    if (length + statement.length > maxPacketLength) {
      packets.push([])
      length = 0
    }
    packets.at(-1)!.push(statement)
    length += statement.length
  }
  return packets
}

/** In UTF-16 units: at most three times as many bytes, and both servers take 16 MiB. */
const maxPacketLength = 4 * 1024 * 1024

function headBefore({ entries }: ConversationAppend, head: Head): { seq: number; ordinal: number } {
  let ordinal = head.lastOrdinal
  for (const entry of entries) if (entry.isUnread) ordinal -= 1
  return { seq: head.lastSeq - entries.length, ordinal }
}

/** One per user: a row that a statement joins twice would be changed once, by either. */
function latestReads({ reads }: ConversationAppend): readonly { userId: string; seq: number }[] {
  if (reads.length < 2) return reads
  const seqs = new Map<string, number>()
  for (const { userId, seq } of reads) seqs.set(userId, Math.max(seq, seqs.get(userId) ?? 0))
  return [...seqs].map(([userId, seq]) => ({ userId, seq }))
}

/** Not too long each: they are put into packets, and servers refuse large ones. */
function insertsOf(table: 'messages' | 'commands', rows: readonly string[]): string[] {
  const statements: string[] = []
  let start = 0
  let length = 0
  for (let end = 0; end < rows.length; end += 1) {
    length += rows[end]!.length
    if (length < maxStatementLength && end < rows.length - 1) continue
    statements.push(`INSERT INTO ${table} (${columns[table]}) VALUES ${rows.slice(start, end + 1).join()}`)
    start = end + 1
    length = 0
  }
  return statements
}

const maxStatementLength = 512 * 1024
const columns = {
  messages: 'seq,ordinal,conversation_id,type,sender_id,client_message_id,content_hash,body,created_at',
  commands: 'seq,conversation_id,actor_id,command_id,content_hash,outcome,created_at',
}

/** Who writes has read what came before. Users who are no members match nothing, which an upsert could not say. */
function sentSql(rows: readonly string[]): string {
  const columns =
    "c BIGINT UNSIGNED PATH '$[0]', u BIGINT UNSIGNED PATH '$[1]', s INT UNSIGNED PATH '$[2]', o INT UNSIGNED PATH '$[3]'"
  return `UPDATE ${rowsTable(rows, columns)} STRAIGHT_JOIN members m ON m.conversation_id = r.c AND m.user_id = r.u
SET m.read_seq = r.s, m.read_ordinal = r.o
WHERE m.read_seq < r.s AND (m.leave_seq = 0 OR r.s <= m.leave_seq)`
}

/** Only forwards, never beyond what exists and what the member may see, and with the ordinal that is stored with that seq. */
function readsSql(rows: readonly string[]): string {
  const columns = "c BIGINT UNSIGNED PATH '$[0]', u BIGINT UNSIGNED PATH '$[1]', s INT UNSIGNED PATH '$[2]'"
  return `UPDATE ${rowsTable(rows, columns)}
STRAIGHT_JOIN members m ON m.conversation_id = r.c AND m.user_id = r.u
STRAIGHT_JOIN conversations k ON k.id = r.c
STRAIGHT_JOIN messages x ON x.conversation_id = r.c AND x.seq = LEAST(r.s, IF(m.leave_seq = 0, k.last_seq, m.leave_seq))
SET m.read_seq = x.seq, m.read_ordinal = x.ordinal
WHERE m.read_seq < x.seq`
}
