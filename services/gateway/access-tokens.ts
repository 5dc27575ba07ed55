import { errors, jwtVerify, type JWTHeaderParameters } from 'jose'
import { AppError } from '#infra/errors/index.ts'
import { accessTokenFormat as format, accessTokenKey, accessTokenKeyId } from '#proto/access-token.ts'
import type { AccessTokens } from './ports.ts'

export interface AccessTokenOptions {
  /** The key that logic signs with: at least 32 bytes. */
  readonly secret: string
  /** Keys that sign no more, or not yet. */
  readonly otherSecrets?: readonly string[]
  readonly now?: () => number
}

const maxTokenLength = 4096
const clockToleranceSeconds = 5

/** Verifies what logic signs. Nothing about the check is taken from the token but which of our keys to take. */
export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { secret, otherSecrets = [], now = Date.now } = options
  const keys = new Map([secret, ...otherSecrets].map((each) => [accessTokenKeyId(each), accessTokenKey(each)]))

  function keyOf({ kid = '' }: JWTHeaderParameters): Uint8Array {
    const key = keys.get(kid)
    if (key === undefined) throw new AppError('UNAUTHENTICATED')
    return key
  }

  return {
    async verify(token) {
      if (token.length > maxTokenLength) throw new AppError('UNAUTHENTICATED')
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms: [format.algorithm],
          issuer: format.issuer,
          audience: format.audience,
          typ: format.typ,
          requiredClaims: ['sub', 'dev', 'sid', 'exp'],
          clockTolerance: clockToleranceSeconds,
          currentDate: new Date(now()),
        })
        const { sub, dev, sid, exp, adm, gst } = payload
        if (!isId(sub) || typeof dev !== 'string' || !isId(sid) || exp === undefined) {
          throw new AppError('UNAUTHENTICATED')
        }
        return {
          userId: sub,
          deviceId: dev,
          sessionId: sid,
          isAdmin: adm === true,
          isGuest: gst === true,
          expiresAtMs: exp * 1000,
        }
      } catch (error) {
        // The signature is checked before the claims: only a token of ours can be called expired.
        throw new AppError(error instanceof errors.JWTExpired ? 'TOKEN_EXPIRED' : 'UNAUTHENTICATED', { cause: error })
      }
    },
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[1-9][0-9]{0,19}$/.test(value)
}
