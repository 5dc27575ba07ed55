import type { MessageInitShape } from '@bufbuild/protobuf'
import type { HotSession } from '#infra/mysql/index.ts'
import type { ConversationAppend, StoredAnswerSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { rowsTable } from './literals.ts'
import { run } from './session.ts'

export interface AnswerRow {
  readonly conversation_id: string
  readonly actor_id: string
  readonly client_message_id: string | null
  readonly command_id: string | null
  readonly content_hash: Uint8Array
  readonly outcome: string
  /** 0, with the rest of the entry NULL: there is none. */
  readonly seq: number
  readonly type: string | null
  readonly sender_id: string | null
  readonly body: Uint8Array | null
  readonly created_at: Date | null
}

/** What is known of the ids that a request writes (`writes`) or asks for (`lookups`): up to three statements. */
export function storedAnswersSql(
  conversations: readonly ConversationAppend[],
  which: 'writes' | 'lookups',
): readonly string[] {
  const messages: string[] = []
  const commands: string[] = []
  const seqs: string[] = []
  for (const conversation of conversations) {
    const { conversationId } = conversation
    const ids = which === 'lookups' ? conversation.lookups : writtenIds(conversation)
    for (const { actorId, clientMessageId, commandId, seq } of ids) {
      if (clientMessageId !== '') messages.push(`[${conversationId},${actorId},${JSON.stringify(clientMessageId)}]`)
      else if (commandId !== '') commands.push(`[${conversationId},${actorId},${JSON.stringify(commandId)}]`)
      else seqs.push(`[${conversationId},${seq}]`)
    }
  }
  const statements: string[] = []
  if (messages.length > 0) {
    statements.push(`SELECT ${messageColumns} FROM ${rowsTable(messages, idColumns)} STRAIGHT_JOIN messages m
ON m.conversation_id = r.c AND m.sender_id = r.a AND m.client_message_id = r.i`)
  }
  if (commands.length > 0) {
    statements.push(`SELECT k.conversation_id, k.actor_id, NULL AS client_message_id, k.command_id, k.content_hash, k.outcome,
  k.seq, m.type, m.sender_id, m.body, m.created_at
FROM ${rowsTable(commands, idColumns)}
STRAIGHT_JOIN commands k ON k.conversation_id = r.c AND k.actor_id = r.a AND k.command_id = r.i
LEFT JOIN messages m ON m.conversation_id = k.conversation_id AND m.seq = k.seq`)
  }
  if (seqs.length > 0) {
    statements.push(`SELECT ${messageColumns} FROM ${rowsTable(seqs, seqColumns)} STRAIGHT_JOIN messages m
ON m.conversation_id = r.c AND m.seq = r.s`)
  }
  return statements
}

export async function findKnown(
  session: HotSession,
  conversations: readonly ConversationAppend[],
  which: readonly ('writes' | 'lookups')[],
): Promise<readonly AnswerRow[]> {
  const statements = which.flatMap((ids) => storedAnswersSql(conversations, ids))
  return statements.length === 0 ? [] : readAnswers(await run(session, statements))
}

export function readAnswers(results: readonly unknown[]): readonly AnswerRow[] {
  return results.flatMap((rows) => rows as AnswerRow[])
}

/**
 * At most about 4 MiB of bodies, so that the response can be sent: beyond that an entry comes with an empty body (which no
 * stored body is). Its command has its answer; who wants the content reads the history.
 */
export function toStoredAnswers(rows: readonly AnswerRow[]): MessageInitShape<typeof StoredAnswerSchema>[] {
  let bodyBytes = 0
  return rows.map((row) => {
    bodyBytes += row.body?.length ?? 0
    return {
      conversationId: row.conversation_id,
      actorId: row.actor_id,
      clientMessageId: row.client_message_id ?? '',
      commandId: row.command_id ?? '',
      contentHash: row.content_hash,
      outcome: row.outcome,
      ...(row.type === null
        ? {}
        : {
            entry: {
              conversationId: row.conversation_id,
              seq: row.seq,
              type: row.type,
              senderId: row.sender_id ?? '',
              clientMessageId: row.client_message_id ?? '',
              body: bodyBytes > maxBodyBytes ? noBody : (row.body ?? noBody),
              createdAtMs: row.created_at?.getTime() ?? 0,
            },
          }),
    }
  })
}

const maxBodyBytes = 4 * 1024 * 1024
const noBody = new Uint8Array()

interface KnownId {
  readonly actorId: string
  readonly clientMessageId: string
  readonly commandId: string
  readonly seq: number
}

function writtenIds({ entries, outcomes }: ConversationAppend): KnownId[] {
  const ids: KnownId[] = []
  for (const { senderId, clientMessageId, commandId } of entries) {
    ids.push({ actorId: senderId, clientMessageId, commandId, seq: 0 })
  }
  for (const { actorId, commandId } of outcomes) ids.push({ actorId, clientMessageId: '', commandId, seq: 0 })
  return ids
}

const messageColumns = `m.conversation_id, m.sender_id AS actor_id, m.client_message_id, NULL AS command_id, m.content_hash,
  'applied' AS outcome, m.seq, m.type, m.sender_id, m.body, m.created_at`
const idColumns =
  "c BIGINT UNSIGNED PATH '$[0]', a BIGINT UNSIGNED PATH '$[1]', i VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[2]'"
const seqColumns = "c BIGINT UNSIGNED PATH '$[0]', s INT UNSIGNED PATH '$[1]'"
