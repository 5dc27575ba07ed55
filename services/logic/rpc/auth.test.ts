import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { jwtVerify } from 'jose'
import { AppError } from '#infra/errors/index.ts'
import { connectInMemory } from '#infra/rpc/index.ts'
import { accessTokenFormat as format } from '#proto/access-token.ts'
import { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import { CreateUserResponseSchema, GetCredentialsResponseSchema } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'
import { createAccessTokenSigner } from './access-tokens.ts'
import { createAuthService } from './auth.ts'
import { createPasswords } from './passwords.ts'

const secret = 'for-this-unit-test-only-0123456789'

function setUp() {
  const users = new Map<string, string>()
  const admins = new Set<string>()
  const deps = {
    users: {
      async createUser(request: { name?: string; displayName?: string; passwordHash?: string }) {
        const { name = '', displayName = '', passwordHash = '' } = request
        if (users.has(name)) throw new AppError('USERNAME_TAKEN')
        users.set(name, passwordHash)
        return create(CreateUserResponseSchema, { user: { id: '5', name, displayName } })
      },
      async getCredentials({ name = '' }: { name?: string }) {
        const passwordHash = users.get(name)
        if (passwordHash === undefined) throw new AppError('USER_NOT_FOUND')
        return create(GetCredentialsResponseSchema, {
          user: { id: '5', name },
          passwordHash,
          isAdmin: admins.has(name),
        })
      },
    },
    passwords: createPasswords({ cost: 'low' }),
    tokens: createAccessTokenSigner({ secret }),
  }
  return { users, admins, auth: connectInMemory(AuthService, createAuthService(deps)) }
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
  assert.deepEqual(protectedHeader, { alg: 'HS256', typ: format.typ, kid: format.keyId })
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
    { ...good, displayName: '\n' },
  ]
  for (const request of bad) await assert.rejects(client.register(request), { code: 'INVALID_ARGUMENT' })
  assert.equal(users.size, 0)
})

test('the pool is bounded: beyond its queue hashing is refused, and what waits is done', async () => {
  const passwords = createPasswords({ cost: 'low', maxConcurrent: 1, maxWaiting: 2 })
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.hash('a good one')))
  const codes = results.map((result) => (result.status === 'fulfilled' ? 'ok' : (result.reason as AppError).code))
  assert.deepEqual(codes, ['ok', 'ok', 'ok', 'OVERLOADED', 'OVERLOADED'])
  assert.equal(await passwords.verify(await passwords.hash('x'), 'x'), true)
})
