import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ConversationAppend } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { rowsTable } from './literals.ts'
import type { Head } from './open.ts'

/** Another delivery class, from the first entry of this append on. */
export interface ClassChange {
  readonly conversationId: string
  readonly deliveryClass: DeliveryClass
  readonly sinceSeq: number
  /** When the class that ends here began. */
  readonly previousSinceSeq: number
}

/** Nothing when the class is not named, or is the one that the conversation has. */
export function findClassChange(
  { conversationId, entries, deliveryClass }: ConversationAppend,
  head: Head,
): ClassChange | undefined {
  if (deliveryClass === DeliveryClass.UNSPECIFIED || deliveryClass === head.deliveryClass) return undefined
  const sinceSeq = head.lastSeq - entries.length + 1
  return { conversationId, deliveryClass, sinceSeq, previousSinceSeq: head.classSinceSeq }
}

export function classesSql(changes: readonly ClassChange[]): string[] {
  const rows = changes.map((change) => `[${change.conversationId},${change.deliveryClass},${change.sinceSeq}]`)
  const columns = "c BIGINT UNSIGNED PATH '$[0]', d TINYINT UNSIGNED PATH '$[1]', s INT UNSIGNED PATH '$[2]'"
  const update = `UPDATE ${rowsTable(rows, columns)} STRAIGHT_JOIN conversations k ON k.id = r.c
SET k.delivery_class = r.d, k.class_since_seq = r.s`
  const grown = changes.filter(({ deliveryClass }) => deliveryClass === DeliveryClass.LARGE)
  return grown.length === 0 ? [update] : [update, cursorsSql(grown)]
}

/**
 * A cursor begins just before the first entry of the large class. One of an earlier time that has not settled what came before
 * the direct class stays, and settles that between, too: better once too often than not at all.
 */
function cursorsSql(changes: readonly ClassChange[]): string {
  const rows = changes.map(
    (change) => `[${change.conversationId},${change.sinceSeq - 1},${change.previousSinceSeq - 1}]`,
  )
  const columns = "c BIGINT UNSIGNED PATH '$[0]', s INT UNSIGNED PATH '$[1]', d INT UNSIGNED PATH '$[2]'"
  return `INSERT INTO fanout_cursors (conversation_id, settled_seq) SELECT r.c, r.s FROM ${rowsTable(rows, columns)}
ON DUPLICATE KEY UPDATE settled_seq = IF(fanout_cursors.settled_seq >= r.d, r.s, fanout_cursors.settled_seq)`
}
