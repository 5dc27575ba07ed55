import type { JoinRequestChange } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'

/** Where the requests to join one conversation stand in the end; of who has joined there is none. */
export function joinRequestsSql(
  conversationId: string,
  changes: ReadonlyMap<string, JoinRequestChange | undefined>,
  createdAt: string,
): string[] {
  const joined: string[] = []
  const rows: string[] = []
  for (const [userId, change] of changes) {
    if (change === undefined) joined.push(userId)
    else rows.push(`(${conversationId},${userId},${Number(change.isPending)},${change.keptAnswers},${createdAt})`)
  }
  const statements: string[] = []
  if (joined.length > 0) {
    statements.push(
      `DELETE FROM join_requests WHERE conversation_id = ${conversationId} AND user_id IN (${joined.join()})`,
    )
  }
  if (rows.length > 0) {
    // From left to right: asked_at looks at is_pending as it was.
    statements.push(`INSERT INTO join_requests (conversation_id,user_id,is_pending,kept_answers,asked_at) VALUES ${rows.join()}
ON DUPLICATE KEY UPDATE asked_at = IF(is_pending < VALUES(is_pending), VALUES(asked_at), asked_at),
  is_pending = VALUES(is_pending), kept_answers = VALUES(kept_answers)`)
  }
  return statements
}
