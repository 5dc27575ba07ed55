import { createHash, createHmac, randomBytes } from 'node:crypto'
import { AppError } from '#infra/errors/index.ts'

/**
 * `<session id>.<half that stays>.<half that is exchanged>`, each half 256 bits in base64url. The half that stays proves that a
 * token was one of this session, so that nobody can end a session who knows nothing but its id.
 */
export interface RefreshToken {
  readonly sessionId: string
  readonly family: Buffer
  readonly secret: Buffer
}

const halfBytes = 32

export function newHalves(): Omit<RefreshToken, 'sessionId'> {
  return { family: randomBytes(halfBytes), secret: randomBytes(halfBytes) }
}

export function newSalt(): Buffer {
  return randomBytes(halfBytes)
}

/**
 * The next half, from the present one and a random salt that is stored. Whoever shows the present half again gets the same
 * next one, without it being stored anywhere; the salt without the half, or the half without the salt, says nothing.
 */
export function successorOf(secret: Uint8Array, salt: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(salt).digest()
}

/** What is stored of a half. Random bits need no slow hash. */
export function hashOfHalf(half: Uint8Array): Buffer {
  return createHash('sha256').update(half).digest()
}

export function writeRefreshToken({ sessionId, family, secret }: RefreshToken): string {
  return `${sessionId}.${family.toString('base64url')}.${secret.toString('base64url')}`
}

/** @throws AppError UNAUTHENTICATED */
export function readRefreshToken(text: string): RefreshToken {
  const [, sessionId, family, secret] = pattern.exec(text) ?? []
  if (sessionId === undefined || family === undefined || secret === undefined) throw new AppError('UNAUTHENTICATED')
  return { sessionId, family: Buffer.from(family, 'base64url'), secret: Buffer.from(secret, 'base64url') }
}

const pattern = /^([1-9][0-9]{0,19})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/
