import { dateTime, rowsTable } from './literals.ts'
import type { MemberRow } from './member-changes.ts'

/** The new versions of one conversation's members. */
export interface MemberVersions {
  readonly conversationId: string
  /** The version before. */
  readonly since: number
  readonly changedIds: readonly string[]
  readonly countDelta: number
}

/** `notify` is left as it is. */
export function membersSql(rows: readonly MemberRow[]): string {
  const values = rows.map(
    (row) =>
      `(${row.conversation_id},${row.user_id},${row.role},${row.join_seq},${row.leave_seq},${row.read_seq},${row.read_ordinal},${row.muted_until === null ? 'NULL' : dateTime(row.muted_until.getTime())})`,
  )
  return `INSERT INTO members (conversation_id,user_id,role,join_seq,leave_seq,read_seq,read_ordinal,muted_until) VALUES ${values.join()}
ON DUPLICATE KEY UPDATE role = VALUES(role), join_seq = VALUES(join_seq), leave_seq = VALUES(leave_seq),
  read_seq = VALUES(read_seq), read_ordinal = VALUES(read_ordinal), muted_until = VALUES(muted_until)`
}

export function versionsSql(changes: readonly MemberVersions[]): string[] {
  return [countsSql(changes), changesSql(changes)]
}

function countsSql(changes: readonly MemberVersions[]): string {
  const rows = changes.map(
    ({ conversationId, changedIds, countDelta }) => `[${conversationId},${changedIds.length},${countDelta}]`,
  )
  const columns = "c BIGINT UNSIGNED PATH '$[0]', v INT UNSIGNED PATH '$[1]', d INT PATH '$[2]'"
  return `UPDATE ${rowsTable(rows, columns)} STRAIGHT_JOIN conversations k ON k.id = r.c
SET k.member_version = k.member_version + r.v, k.member_count = k.member_count + r.d`
}

/** An upsert: a row that a mixed restore has left ahead of the version is overwritten, instead of stopping the partition. */
function changesSql(changes: readonly MemberVersions[]): string {
  const values = changes.flatMap(({ conversationId, since, changedIds }) =>
    changedIds.map((userId, index) => `(${conversationId},${since + 1 + index},${userId})`),
  )
  return `INSERT INTO member_changes (conversation_id,version,user_id) VALUES ${values.join()}
ON DUPLICATE KEY UPDATE user_id = VALUES(user_id)`
}
