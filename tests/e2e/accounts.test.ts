import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { createPool } from 'mysql2/promise'
import { waitFor } from '#infra/testing/index.ts'
import { codeOf, createAccounts, password, sessionOf, type Session } from '../support/account.ts'
import { openRawSocket } from '../support/bad-input/raw-socket.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const accounts = createAccounts(system.gateways)
const mysql = createPool({ uri: system.mysqlUrl, connectionLimit: 2 })
after(() => mysql.end())

const revoked = 4504
const suspended = 4505
/** Promised are two seconds; a machine that is busy with other tests gets more. */
const timeoutMs = 15_000

const open = (gateway: number, session: Session) =>
  openRawSocket(system.gateways[gateway]!.wsUrl, { token: session.accessToken })

async function admin(): Promise<Session> {
  const { name, userId } = await accounts.register()
  await mysql.query('UPDATE users SET is_admin = 1 WHERE id = ?', [userId])
  return await accounts.login(name, 'desk')
}

/** Both gateways refuse the token with this name. */
async function refusedEverywhere(token: string, code: string): Promise<void> {
  for (const gateway of [0, 1]) {
    await waitFor(async () => (await accounts.refusalOf(gateway, token)) === code, {
      timeoutMs,
      what: `${code} from gateway ${gateway + 1}`,
    })
  }
}

test('a device revoked at one gateway loses its socket at the other within seconds, and its tokens everywhere', async (t) => {
  const phone = await accounts.register()
  const laptop = await accounts.login(phone.name, 'laptop')
  const [here, there, own] = [await open(0, phone), await open(1, phone), await open(1, laptop)]
  const startedAt = performance.now()
  const { status } = await accounts.ask(0, 'DELETE', '/devices/phone', laptop.accessToken)
  assert.equal(status, 204)
  assert.deepEqual(await Promise.all([here.closed(), there.closed()]), [revoked, revoked])
  t.diagnostic(`both sockets closed after ${Math.round(performance.now() - startedAt)} ms`)
  await refusedEverywhere(phone.accessToken, 'SESSION_REVOKED')
  assert.equal(codeOf(await accounts.refresh(phone.refreshToken)), 'SESSION_REVOKED')
  assert.equal(await accounts.refusalOf(1, laptop.accessToken), undefined)
  await own.settle()
  own.drop()
})

test('logging out closes the own sockets; logging in again on a device ends the session before', async () => {
  const first = await accounts.register()
  const before = await open(1, first)
  const second = await accounts.login(first.name, 'phone')
  assert.equal(await before.closed(), revoked)
  const socket = await open(1, second)
  assert.equal((await accounts.ask(0, 'POST', '/auth/logout', second.accessToken)).status, 204)
  assert.equal(await socket.closed(), revoked)
  await refusedEverywhere(second.accessToken, 'SESSION_REVOKED')
})

test('the news of an end may get lost: gateways look after the sessions of their sockets themselves', async () => {
  const session = await accounts.register()
  const socket = await open(1, session)
  // As logic would, but without a word to anybody.
  await mysql.query("UPDATE sessions SET revoked_at = NOW(3), revoke_reason = 'revoked' WHERE user_id = ?", [
    session.userId,
  ])
  await waitFor(() => socket.heard.some(({ t }) => t === 'error'), { timeoutMs: 60_000, what: 'the re-check' })
  assert.equal(await socket.closed(), revoked)
  await refusedEverywhere(session.accessToken, 'SESSION_REVOKED')
})

test('refreshes of one token at both gateways at once give the same next token, and log nobody out', async () => {
  const session = await accounts.register()
  const socket = await open(0, session)
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => accounts.refresh(session.refreshToken, index % 2)),
  )
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  const next = new Set(answers.map(({ body }) => sessionOf(body).refreshToken))
  assert.equal(next.size, 1)
  assert.ok(!next.has(session.refreshToken))
  assert.equal((await accounts.refresh([...next][0]!, 1)).status, 200)
  await socket.settle()
  socket.drop()
})

test('a refresh token that was exchanged before its predecessor ends the session: the thief and the owner are out', async () => {
  const session = await accounts.register()
  const first = sessionOf((await accounts.refresh(session.refreshToken)).body)
  const second = sessionOf((await accounts.refresh(first.refreshToken, 1)).body)
  const socket = await open(1, second)
  assert.equal(codeOf(await accounts.refresh(session.refreshToken)), 'SESSION_REVOKED')
  assert.equal(await socket.closed(), revoked)
  assert.equal(codeOf(await accounts.refresh(second.refreshToken, 1)), 'SESSION_REVOKED')
  for (const { accessToken } of [session, first, second]) await refusedEverywhere(accessToken, 'SESSION_REVOKED')
})

test('a ticket of a session that has ended opens no socket; a good one opens one, once', async () => {
  const session = await accounts.register()
  const ticket = async () => {
    const { body } = await accounts.ask(0, 'POST', '/ws-tickets', session.accessToken)
    return (body as { ticket: string }).ticket
  }
  const { wsUrl } = system.gateways[1]!
  const good = await ticket()
  const socket = await openRawSocket(wsUrl, { ticket: good })
  await assert.rejects(openRawSocket(wsUrl, { ticket: good }), { code: 4500 })
  const late = await ticket()
  await accounts.ask(0, 'POST', '/auth/logout', session.accessToken)
  assert.equal(await socket.closed(), revoked)
  await assert.rejects(openRawSocket(wsUrl, { ticket: late }), { code: revoked })
})

test('a new password ends all other sessions; the old one is good for nothing', async () => {
  const phone = await accounts.register()
  const laptop = await accounts.login(phone.name, 'laptop', 1)
  const socket = await open(1, laptop)
  const change = (oldPassword: string, newPassword: string) =>
    accounts.ask(0, 'POST', '/auth/password', phone.accessToken, { oldPassword, newPassword })
  assert.equal(codeOf(await change('not the password', 'a new password')), 'FORBIDDEN')
  assert.equal((await change(password, 'a new password')).status, 204)
  assert.equal(await socket.closed(), revoked)
  await refusedEverywhere(laptop.accessToken, 'SESSION_REVOKED')
  assert.equal(await accounts.refusalOf(1, phone.accessToken), undefined)
  const login = (tried: string) =>
    accounts.ask(1, 'POST', '/auth/login', undefined, { name: phone.name, password: tried })
  assert.equal(codeOf(await login(password)), 'UNAUTHENTICATED')
  assert.equal((await login('a new password')).status, 200)
})

test('who is suspended is out everywhere, and cannot come back until an admin says so', async () => {
  const [root, session] = [await admin(), await accounts.register()]
  const sockets = [await open(0, session), await open(1, session)]
  const path = `/admin/users/${session.userId}`
  assert.equal((await accounts.ask(0, 'POST', `${path}/suspend`, root.accessToken)).status, 204)
  assert.deepEqual(await Promise.all(sockets.map((socket) => socket.closed())), [suspended, suspended])
  await refusedEverywhere(session.accessToken, 'ACCOUNT_SUSPENDED')
  assert.equal(codeOf(await accounts.refresh(session.refreshToken, 1)), 'ACCOUNT_SUSPENDED')
  const login = (tried: string) =>
    accounts.ask(1, 'POST', '/auth/login', undefined, { name: session.name, password: tried })
  assert.equal(codeOf(await login(password)), 'ACCOUNT_SUSPENDED')
  // Who does not know the password learns nothing of it.
  assert.equal(codeOf(await login('not the password')), 'UNAUTHENTICATED')
  assert.equal((await accounts.ask(1, 'POST', `${path}/restore`, root.accessToken)).status, 204)
  assert.equal((await login(password)).status, 200)
})

test('devices are listed with their names, the one that asks is marked, and nobody sees those of others', async () => {
  const phone = await accounts.register()
  const laptop = await accounts.login(phone.name, 'laptop', 1)
  const named = await accounts.ask(1, 'PATCH', '/devices/phone', laptop.accessToken, { name: 'Pocket 🙂' })
  assert.partialDeepStrictEqual(named.body, { deviceId: 'phone', name: 'Pocket 🙂', isCurrent: false })
  const { body } = await accounts.ask(0, 'GET', '/devices', laptop.accessToken)
  const { devices } = body as { devices: { deviceId: string; name: string; isCurrent: boolean }[] }
  assert.deepEqual(devices.map(({ deviceId, name, isCurrent }) => [deviceId, name, isCurrent]).sort(), [
    ['laptop', '', true],
    ['phone', 'Pocket 🙂', false],
  ])
  const other = await accounts.register(undefined, 'tablet')
  assert.equal((await accounts.ask(0, 'DELETE', '/devices/phone', other.accessToken)).status, 404)
})

test('a guest talks where it was added and in direct conversations, and nothing more; its refresh token leads it back', async () => {
  const [host, visitor] = [await accounts.register(), await accounts.guest()]
  const post = (token: string, path: string, body: object) =>
    accounts.ask(0, 'POST', path, token, { commandId: randomUUID(), ...body })
  assert.match(visitor.name, /^guest-\d+$/)
  const group = await post(host.accessToken, '/groups', { name: 'open house', memberIds: [visitor.userId] })
  const { id } = group.body as { id: string }
  const message = { clientMessageId: randomUUID(), type: 'text', body: { text: 'hello' } }
  const sent = await accounts.ask(1, 'POST', `/conversations/${id}/messages`, visitor.accessToken, message)
  assert.equal(sent.status, 201)
  assert.equal((await post(visitor.accessToken, '/conversations/direct', { userId: host.userId })).status, 201)
  const refused = [
    await post(visitor.accessToken, '/groups', { name: 'of a guest', memberIds: [] }),
    await accounts.ask(0, 'GET', `/users?name=${encodeURIComponent(host.name)}`, visitor.accessToken),
    await accounts.ask(0, 'POST', '/auth/password', visitor.accessToken, { oldPassword: 'x', newPassword: password }),
  ]
  assert.deepEqual(refused.map(codeOf), ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'])
  const back = sessionOf((await accounts.refresh(visitor.refreshToken, 1)).body)
  assert.equal(back.userId, visitor.userId)
  const me = await accounts.ask(1, 'GET', '/users/me', back.accessToken)
  assert.partialDeepStrictEqual(me.body, { displayName: 'Visitor', isGuest: true })
})
