import { sql, type Kysely, type Selectable } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import { rowsTable } from '../append/literals.ts'
import type { Database } from '../database.ts'

/** gochat.conversation.v1.MemberPlace */
export interface PlaceRecord {
  readonly conversationId: string
  readonly userId: string
  readonly joinSeq: number
  readonly leaveSeq: number
  readonly memberVersion: number
}

export interface AudienceRecord {
  readonly memberVersion: number
  readonly isComplete: boolean
  readonly places: readonly PlaceRecord[]
}

/**
 * Of active members, in conversations that are large or once were, and that will have further entries: a gateway that keeps the members of one through a time as a
 * direct one must hear of who logs in meanwhile.
 */
export async function listLargePlaces(db: Kysely<Database>, userIds: readonly string[]): Promise<PlaceRecord[]> {
  if (userIds.length === 0) return []
  const users = userIds.map((userId) => `[${userId}]`)
  // From the users on, whatever the statistics say: for many users MariaDB would read all conversations.
  const { rows } = await sql<PlaceRow & { member_version: number }>`SELECT
  m.conversation_id, m.user_id, m.join_seq, m.leave_seq, k.member_version
FROM ${sql.raw(rowsTable(users, "u BIGINT UNSIGNED PATH '$[0]'"))}
STRAIGHT_JOIN members m ON m.user_id = r.u AND m.leave_seq = 0
STRAIGHT_JOIN fanout_cursors c ON c.conversation_id = m.conversation_id
STRAIGHT_JOIN conversations k ON k.id = m.conversation_id AND k.dissolved_seq = 0`.execute(db)
  return rows.map((row) => toPlace(row, row.member_version))
}

/**
 * Places of who has changed since a version, or, without one, of the named users. The version is read first, so that a place
 * may be newer than it, and never older.
 * @throws CONVERSATION_NOT_FOUND
 */
export async function readAudience(
  db: Kysely<Database>,
  conversationId: string,
  { sinceVersion, userIds }: { readonly sinceVersion: number; readonly userIds: readonly string[] },
): Promise<AudienceRecord> {
  const row = await db
    .selectFrom('conversations')
    .select('member_version')
    .where('id', '=', conversationId)
    .executeTakeFirst()
  if (row === undefined) throw new AppError('CONVERSATION_NOT_FOUND')
  const memberVersion = row.member_version
  const wanted = sinceVersion === 0 ? userIds : await changedUsers(db, conversationId, sinceVersion, memberVersion)
  if (wanted === undefined) return { memberVersion, isComplete: false, places: [] }
  return { memberVersion, isComplete: true, places: await placesOf(db, conversationId, wanted, memberVersion) }
}

/** Above this, who asks does better to ask for its own users. */
const maxChanges = 1_000

/** `undefined` when they are too many, or are not all on record. */
async function changedUsers(
  db: Kysely<Database>,
  conversationId: string,
  since: number,
  now: number,
): Promise<readonly string[] | undefined> {
  const count = now - since
  // Below zero: the database is older than what the caller knows, as after a restore.
  if (count < 0 || count > maxChanges) return undefined
  const rows = await db
    .selectFrom('member_changes')
    .select('user_id')
    .where('conversation_id', '=', conversationId)
    .where('version', '>', since)
    .where('version', '<=', now)
    .execute()
  return rows.length < count ? undefined : [...new Set(rows.map(({ user_id }) => user_id))]
}

async function placesOf(
  db: Kysely<Database>,
  conversationId: string,
  userIds: readonly string[],
  memberVersion: number,
): Promise<PlaceRecord[]> {
  if (userIds.length === 0) return []
  const rows = await db
    .selectFrom('members')
    .select(['conversation_id', 'user_id', 'join_seq', 'leave_seq'])
    .where('conversation_id', '=', conversationId)
    .where('user_id', 'in', userIds)
    .execute()
  return rows.map((row) => toPlace(row, memberVersion))
}

type PlaceRow = Pick<Selectable<Database['members']>, 'conversation_id' | 'user_id' | 'join_seq' | 'leave_seq'>

function toPlace(row: PlaceRow, memberVersion: number): PlaceRecord {
  return {
    conversationId: row.conversation_id,
    userId: row.user_id,
    joinSeq: row.join_seq,
    leaveSeq: row.leave_seq,
    memberVersion,
  }
}
