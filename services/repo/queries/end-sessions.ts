import type { Kysely, Transaction } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import type { Database } from '../database.ts'

export type RevokeReason = 'logout' | 'replaced' | 'surplus' | 'revoked' | 'password' | 'suspended' | 'reused'

export async function endSessions(
  db: Kysely<Database>,
  ids: readonly string[],
  reason: RevokeReason,
  now = new Date(),
): Promise<void> {
  if (ids.length === 0) return
  await db
    .updateTable('sessions')
    .set({ revoked_at: now, revoke_reason: reason })
    .where('id', 'in', ids)
    .where('revoked_at', 'is', null)
    .execute()
}

/** The user's session of this id or of this device. Returns what has ended now: at most one. */
export async function revokeSession(
  tx: Transaction<Database>,
  userId: string,
  which: { readonly id: string } | { readonly deviceId: string },
): Promise<string[]> {
  const rows = await tx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where((eb) => ('id' in which ? eb('id', '=', which.id) : eb('device_id', '=', which.deviceId)))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', new Date())
    .forUpdate()
    .execute()
  const ids = rows.map(({ id }) => id)
  await endSessions(tx, ids, 'id' in which ? 'logout' : 'revoked')
  return ids
}

/**
 * Two changes at once: one finds another old hash than it has verified. Returns the other sessions, which have ended.
 * @throws USER_NOT_FOUND, UNAUTHENTICATED
 */
export async function changePassword(
  tx: Transaction<Database>,
  change: {
    readonly userId: string
    readonly oldHash: string
    readonly newHash: string
    readonly sessionId: string
  },
): Promise<string[]> {
  const { userId, oldHash, newHash, sessionId } = change
  const { password_hash } = await lockUser(tx, userId)
  if (password_hash !== oldHash) throw new AppError('UNAUTHENTICATED')
  await tx.updateTable('users').set({ password_hash: newHash }).where('id', '=', userId).execute()
  return await endAllBut(tx, userId, sessionId, 'password')
}

/** Returns the sessions that have ended by it. @throws USER_NOT_FOUND */
export async function setSuspended(tx: Transaction<Database>, userId: string, isSuspended: boolean): Promise<string[]> {
  const { suspended_at } = await lockUser(tx, userId)
  const suspendedAt = isSuspended ? (suspended_at ?? new Date()) : null
  await tx.updateTable('users').set({ suspended_at: suspendedAt }).where('id', '=', userId).execute()
  return isSuspended ? await endAllBut(tx, userId, '0', 'suspended') : []
}

/** Locked before any of its sessions, everywhere: so nobody waits in a circle. */
export async function lockUser(tx: Transaction<Database>, userId: string) {
  const user = await tx
    .selectFrom('users')
    .select(['password_hash', 'suspended_at'])
    .where('id', '=', userId)
    .forUpdate()
    .executeTakeFirst()
  if (user === undefined) throw new AppError('USER_NOT_FOUND')
  return user
}

async function endAllBut(
  tx: Transaction<Database>,
  userId: string,
  sessionId: string,
  reason: RevokeReason,
): Promise<string[]> {
  const rows = await tx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('id', '!=', sessionId)
    .where('revoked_at', 'is', null)
    .forUpdate()
    .execute()
  const ids = rows.map(({ id }) => id)
  await endSessions(tx, ids, reason)
  return ids
}
