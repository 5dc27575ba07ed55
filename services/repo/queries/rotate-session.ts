import type { Selectable, Transaction } from 'kysely'
import { RotateOutcome } from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import type { Database } from '../database.ts'
import { endSessions } from './end-sessions.ts'
import { toUser, userColumns, type UserRecord } from './users.ts'

export interface Rotation {
  readonly id: string
  readonly familyHash: Uint8Array
  readonly refreshHash: Uint8Array
  readonly nextHash: Uint8Array
  readonly nextSalt: Uint8Array
  readonly expiresAtMs: number
  readonly guestExpiresAtMs: number
}

export type Rotated =
  | {
      readonly outcome: Exclude<RotateOutcome, typeof RotateOutcome.ROTATED | typeof RotateOutcome.REPEATED>
      readonly user?: UserRecord
    }
  | {
      readonly outcome: typeof RotateOutcome.ROTATED | typeof RotateOutcome.REPEATED
      readonly user: UserRecord
      readonly isAdmin: boolean
      readonly deviceId: string
      readonly salt: Uint8Array
      readonly expiresAtMs: number
    }

/**
 * For so long the token exchanged last gets its answer again: longer than a client waits for an answer before it asks again,
 * and short enough that who stole it would have to come right after its owner, every time.
 */
export const refreshGraceMs = 30_000

/**
 * Exchanges a refresh token. The row is locked: of two who come at once with one token, the second finds it exchanged, and gets
 * what the first got. Only who knows the half that stays can end a session by a wrong other half: ids are no secret.
 */
export async function rotateSession(tx: Transaction<Database>, rotation: Rotation): Promise<Rotated> {
  const { id, familyHash, refreshHash } = rotation
  const session = await tx.selectFrom('sessions').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (session === undefined || !session.family_hash.equals(familyHash)) return { outcome: RotateOutcome.UNSPECIFIED }
  const now = new Date()
  const { user_id: userId, device_id: deviceId } = session
  if (session.revoke_reason === 'suspended') return { outcome: RotateOutcome.SUSPENDED }
  if (session.revoked_at !== null) return { outcome: RotateOutcome.REVOKED }
  if (session.expires_at <= now) return { outcome: RotateOutcome.EXPIRED }

  const user = await tx
    .selectFrom('users')
    .select([...userColumns, 'is_admin'])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
  const isPresent = session.refresh_hash.equals(refreshHash)
  if (!isPresent && !isRepetition(session, refreshHash, now)) {
    await endSessions(tx, [id], 'reused', now)
    return { outcome: RotateOutcome.REUSED, user: toUser(user) }
  }
  const granted = { user: toUser(user), isAdmin: user.is_admin === 1, deviceId }
  if (!isPresent) {
    const { salt, expires_at } = session
    return { ...granted, outcome: RotateOutcome.REPEATED, salt: salt!, expiresAtMs: expires_at.getTime() }
  }
  const expiresAtMs = granted.user.isGuest ? rotation.guestExpiresAtMs : rotation.expiresAtMs
  await tx
    .updateTable('sessions')
    .set({
      refresh_hash: Buffer.from(rotation.nextHash),
      previous_hash: session.refresh_hash,
      salt: Buffer.from(rotation.nextSalt),
      rotated_at: now,
      last_seen_at: now,
      expires_at: new Date(expiresAtMs),
    })
    .where('id', '=', id)
    .execute()
  return { ...granted, outcome: RotateOutcome.ROTATED, salt: rotation.nextSalt, expiresAtMs }
}

function isRepetition(
  { previous_hash, rotated_at }: Selectable<Database['sessions']>,
  refreshHash: Uint8Array,
  now: Date,
): boolean {
  return previous_hash?.equals(refreshHash) === true && now.getTime() - rotated_at.getTime() <= refreshGraceMs
}
