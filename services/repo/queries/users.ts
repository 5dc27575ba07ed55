import type { Kysely } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import { isDuplicateKey } from '#infra/mysql/index.ts'
import type { Database } from '../database.ts'

/** What the cache and gochat.user.v1.User hold. */
export interface UserRecord {
  readonly id: string
  readonly name: string
  readonly displayName: string
  readonly createdAtMs: number
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
  const rows = await db.selectFrom('users').select(columns).where('id', 'in', ids).execute()
  return rows.map(toRecord)
}

export async function findUserByName(db: Kysely<Database>, name: string): Promise<Credentials | undefined> {
  const row = await db
    .selectFrom('users')
    .select([...columns, 'password_hash', 'is_admin'])
    .where('name', '=', Buffer.from(name))
    .executeTakeFirst()
  return row && { ...toRecord(row), passwordHash: row.password_hash, isAdmin: row.is_admin === 1 }
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

const columns = ['id', 'name', 'display_name', 'created_at'] as const

function toRecord(row: { id: string; name: Buffer; display_name: string; created_at: Date }): UserRecord {
  return {
    id: row.id,
    name: row.name.toString(),
    displayName: row.display_name,
    createdAtMs: row.created_at.getTime(),
  }
}
