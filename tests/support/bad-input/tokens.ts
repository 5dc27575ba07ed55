import { SignJWT } from 'jose'
import { accessTokenFormat as format, accessTokenKeyId } from '#proto/access-token.ts'

export interface BadToken {
  readonly what: string
  readonly token: string
  readonly code: 'UNAUTHENTICATED' | 'TOKEN_EXPIRED'
}

/** Everything that looks like a token of this user and is none; `good` is one. */
export async function badTokens(userId: string, good: string, secret: string): Promise<BadToken[]> {
  const [header = '', payload = '', signature = ''] = good.split('.')
  const claims = JSON.parse(decode(payload)) as Record<string, unknown>
  const { sub: _, ...nobody } = claims
  const { exp: __, ...endless } = claims
  const forged = async (what: string, changes: Forgery) => refused(what, await forge(userId, secret, changes))
  return [
    { ...(await forged('expired', { expiresInSeconds: -60 })), code: 'TOKEN_EXPIRED' },
    await forged('expired, and of a wrong key', { expiresInSeconds: -60, secret: 'w'.repeat(48) }),
    await forged('of a wrong key', { secret: 'w'.repeat(48) }),
    await forged('of another algorithm', { algorithm: 'HS512' }),
    await forged('of another type', { typ: 'JWT' }),
    await forged('of another issuer', { issuer: 'someone' }),
    await forged('for another audience', { audience: 'someone' }),
    await forged('of an unknown key id', { keyId: 'k9' }),
    await forged('not yet valid', { claims: { nbf: Math.floor(Date.now() / 1000) + 600 } }),
    await forged('without a device', { claims: { dev: { $ne: null } } }),
    await forged('without a session', { claims: { sid: undefined } }),
    await forged('of a session that is none', { claims: { sid: '1 OR 1=1' } }),
    await forged('for an id that is none', { claims: { sub: '0 OR 1=1' } }),
    refused('without a signature', `${header}.${payload}.`),
    refused('with alg none', `${encode({ alg: 'none', typ: format.typ, kid: accessTokenKeyId(secret) })}.${payload}.`),
    refused('with alg none, and a signature', `${encode({ alg: 'none', typ: format.typ })}.${payload}.${signature}`),
    refused('with another user put in', `${header}.${encode({ ...claims, sub: '1' })}.${signature}`),
    refused('with the user taken out', `${header}.${encode(nobody)}.${signature}`),
    refused('with the end taken out', `${header}.${encode(endless)}.${signature}`),
    refused('cut short', good.slice(0, -3)),
    refused('not a token', 'not-a-token'),
    refused('only dots', '..'),
    refused('very long', 'x'.repeat(4096)),
  ]
}

interface Forgery {
  readonly secret?: string
  readonly algorithm?: string
  readonly typ?: string
  readonly issuer?: string
  readonly audience?: string
  readonly keyId?: string
  readonly expiresInSeconds?: number
  readonly claims?: Record<string, unknown>
}

/** With no changes it is what logic would sign. */
export function forge(userId: string, secret: string, changes: Forgery = {}): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000)
  return new SignJWT({ sub: userId, dev: 'forged', sid: userId, ...changes.claims })
    .setProtectedHeader({
      alg: changes.algorithm ?? format.algorithm,
      typ: changes.typ ?? format.typ,
      kid: changes.keyId ?? accessTokenKeyId(secret),
    })
    .setIssuer(changes.issuer ?? format.issuer)
    .setAudience(changes.audience ?? format.audience)
    .setIssuedAt(nowSeconds - 120)
    .setExpirationTime(nowSeconds + (changes.expiresInSeconds ?? 600))
    .sign(new TextEncoder().encode(changes.secret ?? secret))
}

function refused(what: string, token: string): BadToken {
  return { what, token, code: 'UNAUTHENTICATED' }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(part: string): string {
  return Buffer.from(part, 'base64url').toString()
}
