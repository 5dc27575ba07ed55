import { SignJWT } from 'jose'
import { accessTokenFormat as format } from '#proto/access-token.ts'

export interface AccessTokenSigner {
  sign(userId: string, deviceId: string, isAdmin: boolean): Promise<{ accessToken: string; expiresAtMs: number }>
}

/** The gateways verify what this signs: proto/access-token.ts says what they agree on. */
export function createAccessTokenSigner(options: { secret: string; now?: () => number }): AccessTokenSigner {
  const { secret, now = Date.now } = options
  const key = new TextEncoder().encode(secret)
  if (key.byteLength < 32) throw new Error('the secret of access tokens must have at least 32 bytes')
  return {
    async sign(userId, deviceId, isAdmin) {
      const issuedAt = Math.floor(now() / 1000)
      const expiresAt = issuedAt + format.lifetimeSeconds
      const accessToken = await new SignJWT(isAdmin ? { dev: deviceId, adm: true } : { dev: deviceId })
        .setProtectedHeader({ alg: format.algorithm, typ: format.typ, kid: format.keyId })
        .setIssuer(format.issuer)
        .setAudience(format.audience)
        .setSubject(userId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(key)
      return { accessToken, expiresAtMs: expiresAt * 1000 }
    },
  }
}
