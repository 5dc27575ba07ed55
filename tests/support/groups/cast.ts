import { randomUUID } from 'node:crypto'
import assert from 'node:assert/strict'
import type { Rest, Answer, Ask } from '../bad-input/rest.ts'
import { createConnection } from 'mysql2/promise'
import { makePeople, type Person } from '../crowd.ts'
import type { System } from '../system.ts'

/** The roles of the matrix. Guest and suspended are members. */
export const roles = ['none', 'left', 'muted', 'guest', 'suspended', 'member', 'admin', 'owner'] as const
export type RoleName = (typeof roles)[number]

/** One user for each role, and others whom commands are about. */
export interface Cast extends Readonly<Record<RoleName, Person>> {
  /** A member whom nobody minds. */
  readonly target: Person
  /** They ask to join, where the group lets them; one for the admin to decide on, one for the owner. */
  readonly askers: Readonly<Record<'admin' | 'owner', Person>>
  /** Somebody with an account who is in no group. */
  readonly outsider: Person
}

export async function makeCast(system: System, rest: Rest): Promise<Cast> {
  const people = await makePeople(system, roles.length + 4)
  const ofRole = Object.fromEntries(roles.map((role, index) => [role, people[index]!])) as Record<RoleName, Person>
  const [target, first, second, outsider] = people.slice(roles.length)
  const guest = await enter(rest, '/auth/guest', {})
  await suspend(system, rest, ofRole.suspended.id)
  return { ...ofRole, guest, target: target!, askers: { admin: first!, owner: second! }, outsider: outsider! }
}

async function enter(rest: Rest, path: string, body: object): Promise<Person> {
  const answer = await rest.ask({ method: 'POST', path, body })
  const { user, accessToken } = answer.body as { user: { id: string }; accessToken: string }
  return { id: user.id, token: accessToken }
}

async function suspend(system: System, rest: Rest, userId: string): Promise<void> {
  const account = { name: `admin-${randomUUID()}`, password: 'correct horse' }
  const { id } = await enter(rest, '/auth/register', account)
  const mysql = await createConnection({ uri: system.mysqlUrl })
  await mysql.query('UPDATE users SET is_admin = 1 WHERE id = ?', [id])
  await mysql.end()
  const { token } = await enter(rest, '/auth/login', account)
  const answer = await rest.ask({ method: 'POST', path: `/admin/users/${userId}/suspend`, token })
  assert.equal(answer.status, 204)
}

export const later = 250_000_000_000_000

/** A group in which everybody of the cast has its role. */
export async function makeGroup(rest: Rest, cast: Cast): Promise<string> {
  const { owner, admin, left, muted, member, guest, suspended, target, askers } = cast
  const memberIds = [admin, left, muted, member, guest, suspended, target].map(({ id }) => id)
  const { body } = await good(rest, 'POST', '/groups', owner, { name: 'group', memberIds })
  const { id } = body as { id: string }
  await good(rest, 'PUT', `/groups/${id}/members/${admin.id}/role`, owner, { role: 'admin' })
  await good(rest, 'PUT', `/groups/${id}/members/${muted.id}/mute`, owner, { until: later })
  await good(rest, 'POST', `/groups/${id}/leave`, left, {})
  await setJoinMode(rest, id, owner, 'approval')
  for (const asker of Object.values(askers)) await good(rest, 'POST', `/groups/${id}/join`, asker, {})
  await setJoinMode(rest, id, owner, 'invite')
  return id
}

export async function setJoinMode(rest: Rest, id: string, owner: Person, joinMode: string): Promise<void> {
  await good(rest, 'PUT', `/groups/${id}/join-mode`, owner, { joinMode })
}

/** A command under an id of its own, unless the body has one. */
export async function good(
  rest: Rest,
  method: string,
  path: string,
  { token }: Person,
  body?: object,
): Promise<Answer> {
  const ask: Ask = {
    method,
    path,
    token,
    ...(body === undefined ? {} : { body: { commandId: randomUUID(), ...body } }),
  }
  const answer = await rest.ask(ask)
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}
