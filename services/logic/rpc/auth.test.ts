import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { jwtVerify } from 'jose'
import { AppError } from '#infra/errors/index.ts'
import { connectInMemory } from '#infra/rpc/index.ts'
import { silentLogger, testMetrics } from '#infra/testing/index.ts'
import { accessTokenFormat as format, accessTokenKeyId } from '#proto/access-token.ts'
import { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import { CreateUserResponseSchema, GetCredentialsResponseSchema } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'
import { createAccessTokenSigner } from './access-tokens.ts'
import { createAuthService } from './auth.ts'
import { createPasswords } from './passwords.ts'
import { memorySessions } from './testing/memory-sessions.ts'

const secret = 'for-this-unit-test-only-0123456789'

function setUp() {
  const users = new Map<string, string>()
  const admins = new Set<string>()
  const ended: string[][] = []
  const sessions = memorySessions()
  const deps = {
    users: {
      async createUser(request: { name?: string; displayName?: string; passwordHash?: string; isGuest?: boolean }) {
        const { name = '', displayName = '', passwordHash = '', isGuest = false } = request
        if (users.has(name)) throw new AppError('USERNAME_TAKEN')
        users.set(isGuest ? 'guest-5' : name, passwordHash)
        return create(CreateUserResponseSchema, { user: { id: '5', name, displayName, isGuest } })
      },
      async getCredentials({ name = '', id = '' }: { name?: string; id?: string }) {
        const found = id === '5' ? [...users.keys()][0]! : name
        const passwordHash = users.get(found)
        if (passwordHash === undefined) throw new AppError('USER_NOT_FOUND')
        return create(GetCredentialsResponseSchema, {
          user: { id: '5', name: found },
          passwordHash,
          isAdmin: admins.has(found),
        })
      },
    },
    sessions: sessions.repo,
    revoke: async ({ sessionIds }: { sessionIds: readonly string[] }) => {
      if (sessionIds.length > 0) ended.push([...sessionIds])
    },
    passwords: createPasswords({ cost: 'low' }),
    tokens: createAccessTokenSigner({ secret }),
    log: silentLogger(),
    metrics: testMetrics(),
  }
  return { users, admins, sessions, ended, auth: connectInMemory(AuthService, createAuthService(deps)) }
}

function verify(accessToken: string) {
  const { issuer, audience, typ } = format
  return jwtVerify(accessToken, new TextEncoder().encode(secret), { issuer, audience, typ })
}

test('example: registered, then logged in, each with a token that gateways accept', async () => {
  const { users, auth } = setUp()
  await using client = auth
  const registered = await client.register({ name: 'Ünï_☃', password: 'a good one', deviceId: 'phone' })
  assert.deepEqual([registered.user?.id, registered.user?.displayName], ['5', 'Ünï_☃'])
  assert.match(users.get('Ünï_☃') ?? '', /^\$argon2id\$/)
  const { accessToken, expiresAtMs } = await client.login({ name: 'Ünï_☃', password: 'a good one', deviceId: 'phone' })
  const { payload, protectedHeader } = await verify(accessToken)
  assert.deepEqual([payload.sub, payload['dev'], payload.exp], ['5', 'phone', expiresAtMs / 1000])
  assert.deepEqual(protectedHeader, { alg: 'HS256', typ: format.typ, kid: accessTokenKeyId(secret) })
})

test('each login is a session of its own, named by the token; that of the same device before it ends', async () => {
  const { ended, auth } = setUp()
  await using client = auth
  const logins: { accessToken: string }[] = [
    await client.register({ name: 'anna', password: 'a good one', deviceId: 'phone' }),
  ]
  for (const deviceId of ['laptop', 'phone']) {
    logins.push(await client.login({ name: 'anna', password: 'a good one', deviceId }))
  }
  const claims = await Promise.all(logins.map(({ accessToken }) => verify(accessToken)))
  const ids = claims.map(({ payload }) => payload['sid'])
  assert.equal(new Set(ids).size, 3)
  assert.deepEqual(ended, [[ids[0]]])
})

test('only the token of a login of an admin says so', async () => {
  const { admins, auth } = setUp()
  await using client = auth
  admins.add('anna')
  const registered = await client.register({ name: 'anna', password: 'a good one' })
  await client.register({ name: 'bert', password: 'a good one' })
  const logins = ['anna', 'bert'].map((name) => client.login({ name, password: 'a good one' }))
  const tokens = [registered, ...(await Promise.all(logins))].map(({ accessToken }) => verify(accessToken))
  const claims = (await Promise.all(tokens)).map(({ payload }) => payload['adm'])
  assert.deepEqual(claims, [undefined, true, undefined])
})

test('a wrong password and an unknown name cannot be told apart', async () => {
  const { auth } = setUp()
  await using client = auth
  await client.register({ name: 'anna', password: 'a good one' })
  await assert.rejects(client.login({ name: 'anna', password: 'another one' }), { code: 'UNAUTHENTICATED' })
  await assert.rejects(client.login({ name: 'nobody', password: 'a good one' }), { code: 'UNAUTHENTICATED' })
  // Names are compared byte by byte.
  await assert.rejects(client.login({ name: 'Anna', password: 'a good one' }), { code: 'UNAUTHENTICATED' })
})

test('a guest has no password that could be right, and its token says what it is', async () => {
  const { auth } = setUp()
  await using client = auth
  const { accessToken, user } = await client.enterAsGuest({ displayName: 'Visitor' })
  assert.equal((await verify(accessToken)).payload['gst'], true)
  assert.equal(user?.isGuest, true)
  for (const password of ['', 'a good one']) {
    await assert.rejects(client.login({ name: 'guest-5', password }), { code: 'UNAUTHENTICATED' })
  }
  const change = { actorId: '5', sessionId: '1', oldPassword: '', newPassword: 'a good one' }
  await assert.rejects(client.changePassword(change), { code: 'FORBIDDEN' })
  await assert.rejects(client.register({ name: 'guest-6', password: 'a good one' }), { code: 'USERNAME_TAKEN' })
})

test('a refresh token is exchanged for the next one; the same again gives the same, as when an answer got lost', async () => {
  const { ended, auth } = setUp()
  await using client = auth
  const login = await client.register({ name: 'anna', password: 'a good one', deviceId: 'phone' })
  const [first, again] = await Promise.all([
    client.refresh({ refreshToken: login.refreshToken }),
    client.refresh({ refreshToken: login.refreshToken }),
  ])
  assert.equal(first.refreshToken, again.refreshToken)
  assert.notEqual(first.refreshToken, login.refreshToken)
  const before = (await verify(login.accessToken)).payload
  const after = (await verify(first.accessToken)).payload
  assert.deepEqual([after['sid'], after['dev'], after.sub], [before['sid'], 'phone', '5'])
  assert.deepEqual(ended, [])
})

test('one that was exchanged before its predecessor ends the session: of owner and thief one is late', async () => {
  const { ended, auth } = setUp()
  await using client = auth
  const stolen = await client.register({ name: 'anna', password: 'a good one' })
  const first = await client.refresh({ refreshToken: stolen.refreshToken })
  const second = await client.refresh({ refreshToken: first.refreshToken })
  await assert.rejects(client.refresh({ refreshToken: stolen.refreshToken }), { code: 'SESSION_REVOKED' })
  await assert.rejects(client.refresh({ refreshToken: second.refreshToken }), { code: 'SESSION_REVOKED' })
  assert.deepEqual(ended, [[(await verify(stolen.accessToken)).payload['sid']]])
})

test('who knows only the id of a session cannot end it', async () => {
  const { ended, auth } = setUp()
  await using client = auth
  const login = await client.register({ name: 'anna', password: 'a good one' })
  const [id = '', family = '', half = ''] = login.refreshToken.split('.')
  const made = 'x'.repeat(43)
  for (const refreshToken of [`${id}.${made}.${half}`, `${id}.${made}.${made}`, `1${id}.${family}.${half}`, id, '']) {
    await assert.rejects(client.refresh({ refreshToken }), { code: 'UNAUTHENTICATED' })
  }
  assert.deepEqual(ended, [])
  await client.refresh({ refreshToken: login.refreshToken })
})

test('refused before any work: control characters, lengths, device ids; nothing is created', async () => {
  const { users, auth } = setUp()
  await using client = auth
  const good = { name: 'anna', password: 'a good one' }
  const bad = [
    { ...good, name: '' },
    { ...good, name: 'a\u0000b' },
    { ...good, name: 'x'.repeat(101) },
    { ...good, password: 'short' },
    { ...good, password: 'x'.repeat(201) },
    { ...good, deviceId: 'no spaces' },
    { ...good, deviceName: 'x'.repeat(101) },
    { ...good, displayName: '\n' },
  ]
  for (const request of bad) await assert.rejects(client.register(request), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(client.enterAsGuest({ displayName: '\n' }), { code: 'INVALID_ARGUMENT' })
  assert.equal(users.size, 0)
})
