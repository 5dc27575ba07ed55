import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { System } from '../system.ts'
import { createRest, type Ask, type Rest } from './rest.ts'

export interface Person {
  readonly id: string
  readonly name: string
  readonly token: string
  readonly refreshToken: string
}

/** Who and what the bad input is aimed at. Ann, an admin, sends it all; nothing of it may change anything. */
export interface Stage {
  readonly rest: Rest
  readonly ann: Person
  readonly bob: Person
  readonly carol: Person
  /** In no conversation: for what changes an account. */
  readonly dave: Person
  readonly eve: Person
  readonly frank: Person
  /** Where Ann is logged in too. */
  readonly deviceId: string
  /** Ann's group, with Carol in it. */
  readonly own: string
  /** Further groups of Ann's, with Carol in them: one to be changed in every way, one to give away, one to end. */
  readonly led: { readonly changed: string; readonly given: string; readonly ended: string }
  /** Bob's group, with Ann in it. */
  readonly joined: string
  /** Bob's and Carol's: not Ann's business. */
  readonly foreign: { readonly group: string; readonly direct: string }
  readonly password: string
  /** Everything that could have changed: as its members see it over REST, and as MySQL holds it. */
  snapshot(): Promise<Snapshot>
}

export type Snapshot = Readonly<Record<string, unknown>>

/** An id that nobody has: ids are made of the time, and this one is of 1970. */
export const unknownId = '1234'
/** One more than 64 bits hold. */
export const tooLargeId = '18446744073709551616'

export async function createStage(system: System): Promise<Stage> {
  const rest = createRest(system.gateways[0]!.httpUrl)
  const run = randomUUID().slice(0, 8)
  const password = `password of ${run}`
  const good = async (ask: Ask) => {
    const { status, body } = await rest.ask(ask)
    assert.ok(status < 300, `${ask.method} ${ask.path}: ${status} ${JSON.stringify(body)}`)
    return body as Record<string, unknown>
  }
  const enter = async (path: string, body: { name: string; deviceId?: string }): Promise<Person> => {
    const session = await good({ method: 'POST', path, body: { ...body, password } })
    const { user, accessToken, refreshToken } = session
    return { ...(user as Person), token: accessToken as string, refreshToken: refreshToken as string }
  }
  const deviceId = 'd-0'
  const register = (nick: string) => enter('/auth/register', { name: `${nick} ${run}`, deviceId })
  const makeAdmin = async ({ id, name }: Person): Promise<Person> => {
    await query(system.mysqlUrl, 'UPDATE users SET is_admin = 1 WHERE id = ?', [id])
    return enter('/auth/login', { name })
  }
  const [bob, carol] = [await register('bob'), await register('carol')]
  const [dave, eve, frank] = [await register('dave'), await register('eve'), await register('frank')]
  const ann = await makeAdmin(await register('ann'))
  const open = async (by: Person, path: string, body: object) =>
    (await good({ method: 'POST', path, token: by.token, body: { commandId: randomUUID(), ...body } }))['id'] as string
  const own = await open(ann, '/groups', { name: 'own', memberIds: [carol.id] })
  const [changed, given, ended] = [
    await open(ann, '/groups', { name: 'changed', memberIds: [carol.id] }),
    await open(ann, '/groups', { name: 'given', memberIds: [carol.id] }),
    await open(ann, '/groups', { name: 'ended', memberIds: [carol.id] }),
  ]
  const joined = await open(bob, '/groups', { name: 'joined', memberIds: [ann.id] })
  const group = await open(bob, '/groups', { name: 'foreign', memberIds: [carol.id] })
  const direct = await open(bob, '/conversations/direct', { userId: carol.id })
  for (const [conversationId, by] of [
    [own, ann],
    [joined, bob],
    [group, bob],
    [direct, bob],
  ] as const) {
    for (const text of ['one', 'two', 'three']) {
      const body = { clientMessageId: randomUUID(), type: 'text', body: { text } }
      await good({ method: 'POST', path: `/conversations/${conversationId}/messages`, token: by.token, body })
    }
  }

  const conversationIds = [own, joined, group, direct]
  const people = [ann, bob, carol]
  async function seen(): Promise<Snapshot> {
    const views: Record<string, unknown> = {}
    for (const { name, token } of people) {
      views[`profile of ${name}`] = await good({ method: 'GET', path: '/users/me', token })
      views[`conversations of ${name}`] = await good({ method: 'GET', path: '/conversations', token })
    }
    for (const [id, { token }] of [
      [own, ann],
      [joined, bob],
      [group, bob],
      [direct, bob],
    ] as const) {
      views[`history of ${id}`] = await good({ method: 'GET', path: `/conversations/${id}/messages`, token })
      if (id !== direct) views[`members of ${id}`] = await good({ method: 'GET', path: `/groups/${id}/members`, token })
    }
    return views
  }
  return {
    rest,
    ann,
    bob,
    carol,
    dave,
    eve,
    frank,
    deviceId,
    own,
    led: { changed, given, ended },
    joined,
    password,
    foreign: { group, direct },
    snapshot: async () => ({
      ...(await seen()),
      ...(await stored(
        system.mysqlUrl,
        conversationIds,
        [...people, dave, eve, frank].map(({ id }) => id),
        run,
      )),
    }),
  }
}

async function query(url: string, sql: string, values: unknown[]): Promise<void> {
  const connection = await createConnection(url)
  try {
    await connection.query({ sql, timeout: 10_000 }, values)
  } finally {
    await connection.end()
  }
}

/** Rows of these conversations and of all that these people have made or are in. What was refused may be remembered. */
async function stored(url: string, conversationIds: string[], userIds: string[], run: string): Promise<Snapshot> {
  const connection = await createConnection({ uri: url, supportBigNumbers: true, bigNumberStrings: true })
  try {
    const rows = async (sql: string, values: unknown[]) =>
      (await connection.query<RowDataPacket[]>({ sql, timeout: 10_000 }, values))[0].map((row) => ({ ...row }))
    return {
      'table conversations': await rows(
        'SELECT * FROM conversations WHERE id IN (?) OR creator_id IN (?) OR low_user_id IN (?) OR high_user_id IN (?) ORDER BY id',
        [conversationIds, userIds, userIds, userIds],
      ),
      'table members': await rows(
        'SELECT * FROM members WHERE conversation_id IN (?) OR user_id IN (?) ORDER BY conversation_id, user_id',
        [conversationIds, userIds],
      ),
      'table messages': await rows(
        'SELECT * FROM messages WHERE conversation_id IN (?) OR sender_id IN (?) ORDER BY conversation_id, seq',
        [conversationIds, userIds],
      ),
      'table commands': await rows(
        `SELECT * FROM commands WHERE outcome IN ('applied', 'noop') AND (conversation_id IN (?) OR actor_id IN (?))
         ORDER BY conversation_id, command_id`,
        [conversationIds, userIds],
      ),
      'table sessions': await rows(
        'SELECT id, device_id, device_name, refresh_hash, revoked_at FROM sessions WHERE user_id IN (?) ORDER BY id',
        [userIds],
      ),
      'table users': await rows('SELECT * FROM users WHERE id IN (?) OR name LIKE ? ORDER BY id', [
        userIds,
        `%${run}%`,
      ]),
    }
  } finally {
    await connection.end()
  }
}
