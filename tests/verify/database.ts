import { createConnection, type RowDataPacket } from 'mysql2/promise'

/** The truth, read with plain SQL. */
export interface Database {
  readonly lastSeq: number
  readonly messages: readonly StoredMessage[]
  readonly members: ReadonlyMap<string, Range>
  readonly names: ReadonlyMap<string, string>
}

export interface StoredMessage {
  readonly seq: number
  readonly type: string
  readonly senderId: string
  /** Null for changes of the conversation. */
  readonly clientMessageId: string | null
  readonly body: unknown
}

/** A member sees joinSeq < seq ≤ endSeq. */
export interface Range {
  readonly joinSeq: number
  readonly endSeq: number
}

export async function readDatabase(url: string, conversationId: string, userIds: readonly string[]): Promise<Database> {
  const connection = await createConnection({
    uri: url,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectTimeout: 5000,
  })
  const query = async (sql: string, values: unknown[]): Promise<RowDataPacket[]> =>
    (await connection.query<RowDataPacket[]>({ sql, timeout: 30_000 }, values))[0]
  try {
    const [conversation] = await query('SELECT last_seq FROM conversations WHERE id = ?', [conversationId])
    if (conversation === undefined) throw new Error(`MySQL has no conversation ${conversationId}`)
    const lastSeq = Number(conversation['last_seq'])
    const rows = await query(
      'SELECT seq, type, sender_id, client_message_id, body FROM messages WHERE conversation_id = ? ORDER BY seq',
      [conversationId],
    )
    const members = await query('SELECT user_id, join_seq, leave_seq FROM members WHERE conversation_id = ?', [
      conversationId,
    ])
    const names = await query('SELECT id, name FROM users WHERE id IN (?)', [userIds])
    return {
      lastSeq,
      messages: rows.map((row) => ({
        seq: Number(row['seq']),
        type: text(row['type']),
        senderId: text(row['sender_id']),
        clientMessageId: row['client_message_id'] === null ? null : text(row['client_message_id']),
        body: JSON.parse(text(row['body'])) as unknown,
      })),
      members: new Map(
        members.map((row) => [
          text(row['user_id']),
          { joinSeq: Number(row['join_seq']), endSeq: Number(row['leave_seq'] ?? 0) || lastSeq },
        ]),
      ),
      names: new Map(names.map((row) => [text(row['id']), text(row['name'])])),
    }
  } finally {
    await connection.end()
  }
}

function text(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
}
