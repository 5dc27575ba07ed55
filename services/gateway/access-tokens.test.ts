import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignJWT, UnsecuredJWT, generateKeyPair } from 'jose'
import { fakeClock } from '#infra/testing/index.ts'
import { accessTokenFormat as format, accessTokenKeyId } from '#proto/access-token.ts'
import { createAccessTokens } from './access-tokens.ts'

const secret = 'a secret of at least thirty-two bytes'
const clock = fakeClock()
const tokens = createAccessTokens({ secret, now: clock.now })
const expiresAtSeconds = clock.now() / 1000 + 900

test('example: a token of logic names its user, its device and its end', async () => {
  assert.deepEqual(await tokens.verify(await sign()), {
    userId: '42',
    deviceId: 'phone-1',
    sessionId: '43',
    isAdmin: false,
    isGuest: false,
    expiresAtMs: expiresAtSeconds * 1000,
  })
})

test('who is an admin is said by the token, and by nothing but true', async () => {
  assert.equal((await tokens.verify(await sign({ claims: { adm: true } }))).isAdmin, true)
  for (const adm of [false, 'true', 1, null, {}]) {
    assert.equal((await tokens.verify(await sign({ claims: { adm } }))).isAdmin, false)
  }
})

test('who is a guest is said by the token, and by nothing but true', async () => {
  assert.equal((await tokens.verify(await sign({ claims: { gst: true } }))).isGuest, true)
  assert.equal((await tokens.verify(await sign({ claims: { gst: 'true' } }))).isGuest, false)
})

test('keys are changed without logging anybody out: another key is accepted as long as it is listed, under its own name', async () => {
  const former = 'the key that signed until now, and no more'
  const changed = createAccessTokens({ secret, otherSecrets: [former], now: clock.now })
  assert.equal((await changed.verify(await sign({ secret: former }))).userId, '42')
  assert.equal((await changed.verify(await sign())).userId, '42')
  await assert.rejects(tokens.verify(await sign({ secret: former })), { code: 'UNAUTHENTICATED' })
  const misnamed = await sign({ secret: former, header: { kid: accessTokenKeyId(secret) } })
  await assert.rejects(changed.verify(misnamed), { code: 'UNAUTHENTICATED' })
  assert.throws(() => createAccessTokens({ secret, otherSecrets: ['short'] }), /32 bytes/)
})

test('a token of ours that is too old is TOKEN_EXPIRED; one that somebody else signed is not called that', async () => {
  const claims = { exp: clock.now() / 1000 - 60 }
  await assert.rejects(tokens.verify(await sign({ claims })), { code: 'TOKEN_EXPIRED' })
  await assert.rejects(tokens.verify(await sign({ claims, secret: 'x'.repeat(32) })), { code: 'UNAUTHENTICATED' })
})

const wrong: [name: string, token: () => string | Promise<string>][] = [
  ['an empty string', () => ''],
  ['no JWT', () => 'abc'],
  ['three dots', () => '...'],
  ['a token of 1 MiB', () => 'a'.repeat(2 ** 20)],
  ['another secret', () => sign({ secret: 'x'.repeat(32) })],
  [
    'another secret under the name of ours',
    () => sign({ secret: 'x'.repeat(32), header: { kid: accessTokenKeyId(secret) } }),
  ],
  ['algorithm none', () => new UnsecuredJWT({ dev: 'd' }).setSubject('42').setExpirationTime('1h').encode()],
  ['HS512 with the right secret', () => sign({ header: { alg: 'HS512' } })],
  ['another typ', () => sign({ header: { typ: 'JWT' } })],
  ['another kid', () => sign({ header: { kid: 'k2' } })],
  ['no kid', () => sign({ header: { kid: undefined } })],
  ['another issuer', () => sign({ claims: { iss: 'evil' } })],
  ['another audience', () => sign({ claims: { aud: 'evil' } })],
  ['no subject', () => sign({ claims: { sub: undefined } })],
  ['a subject that is no id', () => sign({ claims: { sub: '42; drop' } })],
  ['no device', () => sign({ claims: { dev: undefined } })],
  ['a device that is no text', () => sign({ claims: { dev: { $ne: null } } })],
  ['no session', () => sign({ claims: { sid: undefined } })],
  ['a session that is no id', () => sign({ claims: { sid: 'x' } })],
  ['no end', () => sign({ claims: { exp: undefined } })],
  ['not valid yet', () => sign({ claims: { nbf: expiresAtSeconds } })],
  ['a changed payload', async () => (await sign()).replace(/\.(.)/, (_all, first) => `.${first === 'e' ? 'f' : 'e'}`)],
  ['a signature by a key pair', async () => signWithKeyPair()],
]

for (const [name, token] of wrong) {
  test(`${name} is UNAUTHENTICATED`, async () => {
    await assert.rejects(async () => tokens.verify(await token()), { code: 'UNAUTHENTICATED' })
  })
}

test('a secret of less than 32 bytes is refused at start', () => {
  assert.throws(() => createAccessTokens({ secret: 'short' }), /32 bytes/)
})

interface TokenParts {
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly secret?: string
}

async function sign({ claims = {}, header = {}, secret: key = secret }: TokenParts = {}): Promise<string> {
  const { issuer: iss, audience: aud } = format
  return new SignJWT({ sub: '42', dev: 'phone-1', sid: '43', exp: expiresAtSeconds, iss, aud, ...claims })
    .setProtectedHeader({ alg: format.algorithm, typ: format.typ, kid: accessTokenKeyId(key), ...header } as {
      alg: string
    })
    .sign(new TextEncoder().encode(key))
}

async function signWithKeyPair(): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA')
  return new SignJWT({ sub: '42', dev: 'phone-1', sid: '43', exp: expiresAtSeconds })
    .setProtectedHeader({ alg: 'EdDSA', typ: format.typ, kid: accessTokenKeyId(secret) })
    .sign(privateKey)
}
