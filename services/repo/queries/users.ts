import type { Kysely, Selectable } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import { isDuplicateKey } from '#infra/mysql/index.ts'
import type { Database } from '../database.ts'

/** What the cache and gochat.user.v1.User hold. */
export interface UserRecord {
  readonly id: string
  readonly name: string
  readonly displayName: string
  readonly createdAtMs: number
  readonly isGuest: boolean
}

export interface NewUser extends UserRecord {
  readonly passwordHash: string
}

export interface Credentials extends NewUser {
  readonly isAdmin: boolean
}

/** @throws USERNAME_TAKEN */
export async function createUser(db: Kysely<Database>, user: NewUser): Promise<void> {
  try {
    await db
      .insertInto('users')
      .values({
        id: user.id,
        name: Buffer.from(user.name),
        display_name: user.displayName,
        password_hash: user.passwordHash,
        is_guest: Number(user.isGuest),
        created_at: new Date(user.createdAtMs),
      })
      .execute()
  } catch (error) {
    if (isDuplicateKey(error)) throw new AppError('USERNAME_TAKEN', { cause: error })
    throw error
  }
}

/** Unknown ids are left out. */
export async function findUsers(db: Kysely<Database>, ids: readonly string[]): Promise<UserRecord[]> {
  if (ids.length === 0) return []
  const rows = await db.selectFrom('users').select(userColumns).where('id', 'in', ids).execute()
  return rows.map(toUser)
}

export async function findCredentials(
  db: Kysely<Database>,
  who: { readonly name: string } | { readonly id: string },
): Promise<Credentials | undefined> {
  const row = await db
    .selectFrom('users')
    .select([...userColumns, 'password_hash', 'is_admin'])
    .where((eb) => ('id' in who ? eb('id', '=', who.id) : eb('name', '=', Buffer.from(who.name))))
    .executeTakeFirst()
  return row && { ...toUser(row), passwordHash: row.password_hash, isAdmin: row.is_admin === 1 }
}

/** False when there is no such user. */
export async function updateDisplayName(db: Kysely<Database>, id: string, displayName: string): Promise<boolean> {
  const result = await db
    .updateTable('users')
    .set({ display_name: displayName })
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return result.numUpdatedRows > 0n
}

/** @throws USER_NOT_FOUND naming those that do not exist. */
export async function requireUsers(db: Kysely<Database>, ids: readonly string[]): Promise<void> {
  const rows = await db.selectFrom('users').select('id').where('id', 'in', ids).execute()
  const known = new Set(rows.map(({ id }) => id))
  const unknown = ids.filter((id) => !known.has(id))
  if (unknown.length > 0) throw new AppError('USER_NOT_FOUND', { details: { userIds: unknown.slice(0, 100) } })
}

export const userColumns = ['id', 'name', 'display_name', 'is_guest', 'created_at'] as const

export function toUser(row: Pick<Selectable<Database['users']>, (typeof userColumns)[number]>): UserRecord {
  return {
    id: row.id,
    name: row.name.toString(),
    displayName: row.display_name,
    createdAtMs: row.created_at.getTime(),
    isGuest: row.is_guest === 1,
  }
}
