import { SignJWT } from 'jose'
import { accessTokenFormat as format, accessTokenKey, accessTokenKeyId } from '#proto/access-token.ts'

export interface AccessTokenSigner {
  sign(bearer: Bearer): Promise<{ accessToken: string; expiresAtMs: number }>
}

/** Who a token stands for. */
export interface Bearer {
  readonly userId: string
  readonly deviceId: string
  readonly sessionId: string
  readonly isAdmin: boolean
  readonly isGuest: boolean
}

/** The gateways verify what this signs: proto/access-token.ts says what they agree on. */
export function createAccessTokenSigner(options: { secret: string; now?: () => number }): AccessTokenSigner {
  const { secret, now = Date.now } = options
  const key = accessTokenKey(secret)
  const kid = accessTokenKeyId(secret)
  return {
    async sign({ userId, deviceId, sessionId, isAdmin, isGuest }) {
      const issuedAt = Math.floor(now() / 1000)
      const expiresAt = issuedAt + format.lifetimeSeconds
      const claims = {
        dev: deviceId,
        sid: sessionId,
        ...(isAdmin ? { adm: true } : {}),
        ...(isGuest ? { gst: true } : {}),
      }
      const accessToken = await new SignJWT(claims)
        .setProtectedHeader({ alg: format.algorithm, typ: format.typ, kid })
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
