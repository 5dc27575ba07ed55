import type { Transaction } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import { limits } from '#proto/frames/limits.ts'
import type { Database } from '../database.ts'
import { endSessions, lockUser } from './end-sessions.ts'

export interface NewSession {
  readonly id: string
  readonly userId: string
  readonly deviceId: string
  /** Empty: as it was called before. */
  readonly deviceName: string
  readonly familyHash: Uint8Array
  readonly refreshHash: Uint8Array
  readonly expiresAtMs: number
  /** What the password was verified against; empty for a guest. */
  readonly passwordHash: string
}

/** How long what has ended can still be told apart from what never was. */
const keptMs = 24 * 60 * 60 * 1000

/**
 * Returns the ids of the sessions that this ends: of the same device, and of those that are too many. The user's row is locked,
 * so that logins of one user are counted one by one, and none slips in beside a new password or a suspension.
 * @throws USER_NOT_FOUND, UNAUTHENTICATED, ACCOUNT_SUSPENDED
 */
export async function createSession(tx: Transaction<Database>, session: NewSession): Promise<string[]> {
  const { userId, deviceId } = session
  const user = await lockUser(tx, userId)
  if (user.password_hash !== session.passwordHash) throw new AppError('UNAUTHENTICATED')
  if (user.suspended_at !== null) throw new AppError('ACCOUNT_SUSPENDED')
  const others = await tx
    .selectFrom('sessions')
    .select(['id', 'device_id', 'device_name'])
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .orderBy('last_seen_at', 'desc')
    .execute()
  const former = others.filter(({ device_id }) => device_id === deviceId)
  const surplus = others.filter(({ device_id }) => device_id !== deviceId).slice(limits.maxDevicesPerUser - 1)
  const now = new Date()
  await endSessions(tx, idsOf(former), 'replaced', now)
  await endSessions(tx, idsOf(surplus), 'surplus', now)
  const kept = new Date(now.getTime() - keptMs)
  await tx
    .deleteFrom('sessions')
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('revoked_at', '<', kept), eb('expires_at', '<', kept)]))
    .execute()
  await tx
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: userId,
      device_id: deviceId,
      device_name: session.deviceName === '' ? (former[0]?.device_name ?? '') : session.deviceName,
      family_hash: Buffer.from(session.familyHash),
      refresh_hash: Buffer.from(session.refreshHash),
      rotated_at: now,
      created_at: now,
      last_seen_at: now,
      expires_at: new Date(session.expiresAtMs),
    })
    .execute()
  return idsOf([...former, ...surplus])
}

function idsOf(sessions: readonly { readonly id: string }[]): string[] {
  return sessions.map(({ id }) => id)
}
