import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createConnection, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createConnection as connectMysql } from 'mysql2/promise'
import { waitFor } from '#infra/testing/index.ts'
import { createClient } from '../../sdk/src/index.ts'
import { openRawSocket } from '../support/bad-input/raw-socket.ts'
import { createRest, type Ask } from '../support/bad-input/rest.ts'
import { readOperations } from '../support/bad-input/routes.ts'
import { badTokens } from '../support/bad-input/tokens.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const { httpUrl, wsUrl } = system.gateways[0]!
const rest = createRest(httpUrl)

/** Everything that must not be found, by what it is. Each holds something that occurs nowhere else. */
const secrets = new Map<string, string>()
function secret(what: string, text: string = `${what.replaceAll(' ', '-')}-${randomUUID()}`): string {
  secrets.set(what, text)
  return text
}
/** Where our own requests stand in the logs: proof that the right files were read. */
const requestIds: string[] = []

async function ask(request: Ask): Promise<Record<string, unknown>> {
  const { headers, body } = await rest.ask(request)
  requestIds.push(String(headers['x-request-id']))
  return body as Record<string, unknown>
}

interface Account {
  readonly id: string
  readonly token: string
  readonly refreshToken: string
  readonly password: string
}

/** Both halves; the id of the session before them is no secret. */
function secretHalves(what: string, refreshToken: unknown): string {
  const [, family, half] = String(refreshToken).split('.')
  secret(`half that stays of ${what}`, family)
  secret(`half of ${what}`, half)
  return String(refreshToken)
}

async function register(nick: string): Promise<Account> {
  const name = secret(`name of ${nick}`)
  const password = secret(`password of ${nick}`)
  const displayName = secret(`display name of ${nick}`)
  const deviceName = secret(`device name of ${nick}`)
  const body = { name, password, displayName, deviceName }
  const { user, accessToken, refreshToken } = await ask({ method: 'POST', path: '/auth/register', body })
  await ask({ method: 'POST', path: '/auth/login', body: { name, password } })
  await ask({ method: 'POST', path: '/auth/login', body: { name, password: secret(`wrong password of ${nick}`) } })
  // The signature: the rest of a token is the same in many.
  secret(`token of ${nick}`, String(accessToken).split('.')[2])
  const id = (user as { id: string }).id
  return { id, password, token: accessToken as string, refreshToken: secretHalves(`token of ${nick}`, refreshToken) }
}

/** Everything that an account can do with what it proves itself with, rightly and wrongly. */
async function manageAccount({ id, token, password, refreshToken }: Account, admin: Account): Promise<void> {
  const post = (path: string, body?: unknown, by = token) => ask({ method: 'POST', path, token: by, body })
  await ask({ method: 'PATCH', path: '/devices/unknown', token, body: { name: secret('name of no device') } })
  const { devices } = (await ask({ method: 'GET', path: '/devices', token })) as { devices: { deviceId: string }[] }
  const path = `/devices/${devices[0]!.deviceId}`
  await ask({ method: 'PATCH', path, token, body: { name: secret('new device name') } })
  const newPassword = secret('new password')
  await post('/auth/password', { oldPassword: secret('wrong old password'), newPassword })
  await post('/auth/password', { oldPassword: password, newPassword })
  await post('/auth/refresh', { refreshToken: secret('refresh token that is none') })
  const made = secret('half that nobody was given', `${'made-up-'.repeat(5)}abc`)
  await post('/auth/refresh', { refreshToken: `${refreshToken.split('.')[0]}.${made}.${made}` })
  let latest = refreshToken
  for (const what of ['second token', 'third token']) {
    const next = await post('/auth/refresh', { refreshToken: latest })
    latest = secretHalves(what, next['refreshToken'])
    secret(`access token with the ${what}`, String(next['accessToken']).split('.')[2])
  }
  // Used again: its session ends, which is logged.
  const reused = await post('/auth/refresh', { refreshToken })
  assert.equal((reused['error'] as { code: string }).code, 'SESSION_REVOKED')
  await post(`/admin/users/${id}/suspend`, undefined, admin.token)
  const guest = await post('/auth/guest', { displayName: secret('name of a guest'), deviceName: secret('guest phone') })
  secretHalves('token of a guest', guest['refreshToken'])
  secret('access token of a guest', String(guest['accessToken']).split('.')[2])
  await post('/auth/logout', undefined, String(guest['accessToken']))
}

/** Uses everything that takes text, rightly and wrongly. */
async function talk(): Promise<void> {
  const [ann, bob] = [await register('ann'), await register('bob')]
  await manageAccount(await register('erin'), ann)
  const { token } = ann
  const post = (path: string, body: unknown) => ask({ method: 'POST', path, token, body })
  const group = { commandId: randomUUID(), name: secret('group name'), memberIds: [bob.id] }
  const id = (await post('/groups', group))['id'] as string
  const message = (what: string) => ({ clientMessageId: randomUUID(), type: 'text', body: { text: secret(what) } })
  const first = message('message by REST')
  await post(`/conversations/${id}/messages`, first)
  await post(`/conversations/${id}/messages`, { ...first, body: { text: secret('message of a conflict') } })
  await post(`/conversations/${id}/messages`, {
    ...message('message with a wrong field'),
    [secret('name of a field')]: 1,
  })
  await post(`/conversations/1234/messages`, message('message to nowhere'))
  await post(`/conversations/${id}/messages`, `{"${secret('broken JSON')}`)
  await post(`/conversations/${id}/messages`, `${secret('large body')}${'x'.repeat(70_000)}`)
  await ask({ method: 'PATCH', path: '/users/me', token, body: { displayName: secret('new display name') } })
  await ask({ method: 'GET', path: `/users?name=${secret('name in a query')}`, token })
  await ask({ method: 'GET', path: `/users/${secret('text in a path')}`, token })
  await ask({ method: 'GET', path: `/nothing/${secret('unknown path')}?q=${secret('unknown query')}`, token })
  await ask({ method: 'GET', path: `/${secret('broken path')}%ff`, token })
  await ask({ method: 'GET', path: '/users/me', token: secret('token that is none') })
  await ask({ method: 'GET', path: '/users/me', headers: { origin: `https://${secret('origin')}.example` } })
  for (const bad of await badTokens(ann.id, token, process.env['GOCHAT_ACCESS_TOKEN_SECRET']!)) {
    await ask({ method: 'GET', path: '/users/me', token: bad.token })
    if (bad.code === 'TOKEN_EXPIRED') secret('expired token', bad.token.split('.')[2])
  }
  const { ticket } = await post('/ws-tickets', undefined)
  secret('ticket', String(ticket))

  const reader = await openRawSocket(wsUrl, { token: bob.token })
  const socket = await openRawSocket(wsUrl, { ticket: String(ticket) })
  const custom = { clientMessageId: randomUUID(), type: 'custom', body: { [secret('key')]: secret('value') } }
  socket.send({ t: 'send', id: 'f1', conversationId: id, messages: [message('message by socket'), custom] })
  socket.send({ t: 'send', id: 'f2', conversationId: '1234', messages: [message('frame to nowhere')] })
  socket.send({ t: 'send', id: 'f3', conversationId: id, messages: [{ ...message('wrong frame'), unknown: 1 }] })
  socket.send({ t: secret('type of a frame') })
  socket.send(`{"${secret('broken frame')}`)
  socket.send({ t: 'history', id: 'f4', conversationId: id, afterSeq: 0 })
  await socket.hear('page')
  await waitFor(() => reader.heard.some((frame) => frame['type'] === 'custom'), { what: 'the push' })
  socket.sendBinary(Buffer.from(secret('binary frame')))
  await socket.closed()
  reader.drop()
  const stranger = await openRawSocket(wsUrl, { path: `?token=${secret('token in the URL of a socket')}` })
  stranger.send({ t: 'auth', token: secret('token of a stranger') })
  await stranger.closed()
  for (const path of ['/limits', '/users/me', '/docs', '/nothing']) {
    const url = `${wsUrl.replace(/\/ws$/, path)}?token=${secret(`token in the URL of ${path}`)}`
    await openRawSocket(url).then(
      (socket) => socket.drop(),
      () => undefined,
    )
  }
}

test('what users type and prove themselves with stands in no log: bodies, names, passwords, tokens, tickets, URLs', async () => {
  await talk()
  const folder = join(system.dataDir, 'logs')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes('.log'))
  for (const role of ['gateway-1', 'gateway-2', 'logic-1', 'logic-2', 'repo-1', 'mysql', 'kafka', 'redis']) {
    assert.ok(files.includes(`${role}.log`), `${role} has no log`)
  }
  const read = () => files.map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }))
  const isLogged = (id: string) => read().some(({ text }) => text.includes(id))
  // A broken path fails before any line is written.
  await waitFor(() => requestIds.filter(isLogged).length >= requestIds.length - 1, {
    what: 'our requests to be logged',
  })
  assert.ok(secrets.size > 40 && [...secrets.values()].every((text) => text.length > 20))
  const found = read().flatMap(({ file, text }) =>
    [...secrets].flatMap(([what, value]) => (text.includes(value) ? [`${what} in ${file}`] : [])),
  )
  assert.deepEqual(found, [])
})

describe('a token is never in a URL', () => {
  test('no route takes one there', async () => {
    for (const { key, query, params } of await readOperations(rest)) {
      const names = [...query, ...params].map(({ name }) => name)
      assert.deepEqual(
        names.filter((name) => /token|ticket|secret|password|auth|key/i.test(name)),
        [],
        key,
      )
    }
  })

  test('the SDK puts none there', async () => {
    const { token } = await register('carol')
    await using proxy = await listenIn(Number(new URL(wsUrl).port))
    const chat = createClient({ url: `ws://127.0.0.1:${proxy.port}/ws`, token })
    await chat.connect()
    chat.close()
    assert.equal(proxy.heads.length, 1)
    const [head = ''] = proxy.heads
    assert.match(head, /^GET \/ws HTTP\/1\.1\r\n/)
    assert.ok(!head.includes(token) && !/authorization|cookie/i.test(head))
  })
})

test('a password is stored as an argon2id hash of at least 19 MiB, and never as it is', async () => {
  const password = secret('password to be stored')
  const name = `dave ${randomUUID()}`
  await ask({ method: 'POST', path: '/auth/register', body: { name, password } })
  const mysql = await connectMysql({ uri: system.mysqlUrl })
  after(() => mysql.end())
  const [rows] = await mysql.query('SELECT password_hash FROM users WHERE name = ?', [name])
  const [row] = rows as { password_hash: string }[]
  assert.match(row?.password_hash ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
})

/** Hands every connection through to the gateway, and keeps the head of each request. */
async function listenIn(toPort: number): Promise<{ port: number; heads: string[] } & AsyncDisposable> {
  const heads: string[] = []
  const server = createServer()
  server.on('upgrade', (request, socket, early) => {
    const lines = request.rawHeaders.flatMap((name, index, all) =>
      index % 2 === 0 ? [`${name}: ${all[index + 1]}`] : [],
    )
    const head = `${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
    heads.push(head)
    const gateway = createConnection(toPort, '127.0.0.1')
    gateway.write(head)
    gateway.write(early)
    gateway.pipe(socket).pipe(gateway)
    for (const side of [gateway, socket]) side.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    heads,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}
