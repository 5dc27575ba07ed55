import type { Kysely, Selectable } from 'kysely'
import type { Database } from '../database.ts'

export interface EndedRecord {
  readonly id: string
  readonly isSuspension: boolean
}

/** gochat.user.v1.Device */
export interface DeviceRecord {
  readonly id: string
  readonly name: string
  readonly sessionId: string
  readonly createdAtMs: number
  readonly lastSeenAtMs: number
}

/** Who is asked about every 30 s is written down this often. */
const seenEveryMs = 5 * 60 * 1000

/** Those of these sessions that have ended or are not there. The others are written down as seen. */
export async function findEndedSessions(db: Kysely<Database>, ids: readonly string[]): Promise<EndedRecord[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('sessions')
    .select(['id', 'revoked_at', 'revoke_reason', 'expires_at', 'last_seen_at'])
    .where('id', 'in', ids)
    .execute()
  const now = new Date()
  const live = new Map(
    rows.filter((row) => row.revoked_at === null && row.expires_at > now).map((row) => [row.id, row.last_seen_at]),
  )
  const seenBefore = new Date(now.getTime() - seenEveryMs)
  const unseen = [...live].flatMap(([id, lastSeen]) => (lastSeen < seenBefore ? [id] : []))
  if (unseen.length > 0) {
    await db.updateTable('sessions').set({ last_seen_at: now }).where('id', 'in', unseen).execute()
  }
  const suspended = new Set(rows.flatMap(({ id, revoke_reason }) => (revoke_reason === 'suspended' ? [id] : [])))
  return ids.filter((id) => !live.has(id)).map((id) => ({ id, isSuspension: suspended.has(id) }))
}

/** With a live session; the one seen last first. At most as many as a user may have. */
export async function listDevices(db: Kysely<Database>, userId: string): Promise<DeviceRecord[]> {
  const rows = await liveSessions(db, userId).orderBy('last_seen_at', 'desc').orderBy('id', 'desc').execute()
  return rows.map(toDevice)
}

/** Undefined: there is no such device. */
export async function nameDevice(
  db: Kysely<Database>,
  userId: string,
  deviceId: string,
  name: string,
): Promise<DeviceRecord | undefined> {
  await db
    .updateTable('sessions')
    .set({ device_name: name })
    .where('user_id', '=', userId)
    .where('device_id', '=', deviceId)
    .where('revoked_at', 'is', null)
    .execute()
  const row = await liveSessions(db, userId).where('device_id', '=', deviceId).executeTakeFirst()
  return row && toDevice(row)
}

function liveSessions(db: Kysely<Database>, userId: string) {
  return db
    .selectFrom('sessions')
    .select(deviceColumns)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', new Date())
}

const deviceColumns = ['id', 'device_id', 'device_name', 'created_at', 'last_seen_at'] as const

function toDevice(row: Pick<Selectable<Database['sessions']>, (typeof deviceColumns)[number]>): DeviceRecord {
  return {
    id: row.device_id,
    name: row.device_name,
    sessionId: row.id,
    createdAtMs: row.created_at.getTime(),
    lastSeenAtMs: row.last_seen_at.getTime(),
  }
}
