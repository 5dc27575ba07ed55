import { errors, jwtVerify } from 'jose'
import { AppError } from '#infra/errors/index.ts'
import { accessTokenFormat as format } from '#proto/access-token.ts'
import type { AccessTokens } from './ports.ts'

export interface AccessTokenOptions {
  /** The signing key that logic uses too: at least 32 bytes. */
  readonly secret: string
  readonly now?: () => number
}

const maxTokenLength = 4096
const clockToleranceSeconds = 5

/** Verifies what logic signs. Nothing about the check is taken from the token but the id of the key. */
export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { now = Date.now } = options
  const key = new TextEncoder().encode(options.secret)
  if (key.byteLength < 32) throw new Error('the secret of access tokens must have at least 32 bytes')

  return {
    async verify(token) {
      if (token.length > maxTokenLength) throw new AppError('UNAUTHENTICATED')
      try {
        const { payload, protectedHeader } = await jwtVerify(token, key, {
          algorithms: [format.algorithm],
          issuer: format.issuer,
          audience: format.audience,
          typ: format.typ,
          requiredClaims: ['sub', 'dev', 'exp'],
          clockTolerance: clockToleranceSeconds,
          currentDate: new Date(now()),
        })
        const { sub, dev, exp, adm } = payload
        if (protectedHeader.kid !== format.keyId) throw new AppError('UNAUTHENTICATED')
        if (!isId(sub) || typeof dev !== 'string' || exp === undefined) throw new AppError('UNAUTHENTICATED')
        return { userId: sub, deviceId: dev, isAdmin: adm === true, expiresAtMs: exp * 1000 }
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
