import { randomBytes, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { createPool, type Pool } from 'mysql2/promise'
import { createRest } from '@gochat/sdk'
import { createIdGenerator } from '#infra/id/index.ts'
import { accessTokenFormat as format, accessTokenKeyId } from '#proto/access-token.ts'
import { inParallel } from './in-parallel.ts'

/** Somebody of a crowd, logged in without a password: thousands of hashes would take longer than the test. */
export interface Person {
  readonly id: string
  readonly token: string
}

/** A group with very many members, made by script: the people by SQL, who is in it by the commands that clients use. */
export interface Crowd {
  readonly conversationId: string
  /** The first one owns the group. */
  readonly people: readonly Person[]
}

export interface CrowdOptions {
  readonly mysqlUrl: string
  readonly accessTokenSecret: string
  readonly httpUrls: readonly string[]
  readonly size: number
  readonly onProgress?: (line: string) => void
}

/** What one command may name. */
const membersPerCommand = 100
const rowsPerInsert = 2000
const lifetimeSeconds = 2 * 60 * 60
/** A worker number that no repo leases: numbers are given out from below. */
const worker = 1023

export async function makeCrowd(options: CrowdOptions): Promise<Crowd> {
  const { size, httpUrls, onProgress = () => {} } = options
  const people = await makePeople(options, size)
  onProgress(`people: ${people.length}`)
  const rest = createRest({ baseUrl: httpUrls, timeoutMs: 60_000, maxAttempts: 20 })
  const [owner] = people
  const ids = people.slice(1).map(({ id }) => id)
  const run = randomUUID()
  const group = await rest.openGroup(owner!.token, `${run}.make`, `crowd of ${size}`, ids.slice(0, membersPerCommand))
  const others = Array.from({ length: Math.ceil(ids.length / membersPerCommand) - 1 }, (_, i) => i + 1)
  let added = Math.min(ids.length, membersPerCommand)
  await inParallel(others, 8, async (i) => {
    const some = ids.slice(i * membersPerCommand, (i + 1) * membersPerCommand)
    await rest.addMembers(owner!.token, group.id, `${run}.add-${i}`, some)
    added += some.length
    if (i % 100 === 0) onProgress(`members: ${added}`)
  })
  return { conversationId: group.id, people }
}

/** Accounts that can be used with their token, and not be logged into. */
export async function makePeople(
  { mysqlUrl, accessTokenSecret }: Pick<CrowdOptions, 'mysqlUrl' | 'accessTokenSecret'>,
  count: number,
): Promise<Person[]> {
  const newId = createIdGenerator({ worker })
  const ids = Array.from({ length: count }, () => newId())
  const pool = createPool({ uri: mysqlUrl, connectionLimit: 2 })
  try {
    for (let at = 0; at < ids.length; at += rowsPerInsert) await insertUsers(pool, ids.slice(at, at + rowsPerInsert))
  } finally {
    await pool.end()
  }
  return inParallel(ids, 64, async (id) => ({ id, token: await signToken(id, accessTokenSecret) }))
}

async function insertUsers(pool: Pool, ids: readonly string[]): Promise<void> {
  const rows = ids.map((id) => [id, Buffer.from(`crowd-${id}`), `crowd ${id}`, 'no password', new Date()])
  await pool.query('INSERT INTO users (id, name, display_name, password_hash, created_at) VALUES ?', [rows])
  // A session each, under the id of its user: its refresh token is one that nobody knows.
  const hash = randomBytes(32)
  const now = new Date()
  const end = new Date(now.getTime() + lifetimeSeconds * 1000)
  const sessions = ids.map((id) => [id, id, 'crowd', hash, hash, now, now, now, end])
  const columns = 'id, user_id, device_id, family_hash, refresh_hash, rotated_at, created_at, last_seen_at, expires_at'
  await pool.query(`INSERT INTO sessions (${columns}) VALUES ?`, [sessions])
}

function signToken(userId: string, secret: string): Promise<string> {
  return new SignJWT({ dev: 'crowd', sid: userId })
    .setProtectedHeader({ alg: format.algorithm, typ: format.typ, kid: accessTokenKeyId(secret) })
    .setIssuer(format.issuer)
    .setAudience(format.audience)
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + lifetimeSeconds)
    .sign(new TextEncoder().encode(secret))
}
