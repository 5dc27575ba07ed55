import type { Kysely, Selectable } from 'kysely'
import type { Database } from '../database.ts'

/** gochat.conversation.v1.Entry */
export interface EntryRecord {
  readonly conversationId: string
  readonly seq: number
  readonly type: string
  readonly senderId: string
  readonly clientMessageId: string
  readonly body: Uint8Array
  readonly createdAtMs: number
}

type Row = Selectable<Database['messages']>

const entryColumns = ['conversation_id', 'seq', 'type', 'sender_id', 'client_message_id', 'body', 'created_at'] as const

/** afterSeq < seq ≤ upToSeq, ascending. */
export async function listEntries(
  db: Kysely<Database>,
  conversationId: string,
  range: { readonly afterSeq: number; readonly upToSeq: number; readonly limit: number },
): Promise<EntryRecord[]> {
  const rows = await db
    .selectFrom('messages')
    .select(entryColumns)
    .where('conversation_id', '=', conversationId)
    .where('seq', '>', range.afterSeq)
    .where('seq', '<=', range.upToSeq)
    .orderBy('seq')
    .limit(range.limit)
    .execute()
  return rows.map(toEntry)
}

export function toEntry(row: Pick<Row, (typeof entryColumns)[number]>): EntryRecord {
  return {
    conversationId: row.conversation_id,
    seq: row.seq,
    type: row.type,
    senderId: row.sender_id,
    clientMessageId: row.client_message_id ?? '',
    body: row.body,
    createdAtMs: row.created_at.getTime(),
  }
}
