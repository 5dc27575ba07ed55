import { createHash } from 'node:crypto'

/**
 * The access token: a JWT that logic signs and gateways verify, with one algorithm and nothing to negotiate.
 * Both sides read these constants; neither imports the other.
 */
export const accessTokenFormat = {
  algorithm: 'HS256',
  issuer: 'gochat',
  audience: 'gochat',
  typ: 'at+jwt',
  lifetimeSeconds: 15 * 60,
} as const

export interface AccessTokenClaims {
  /** User id. */
  readonly sub: string
  /** Device id: one installation of a client, chosen by it. */
  readonly dev: string
  /** Session id: this login of that device. */
  readonly sid: string
  /** Present for admins only. */
  readonly adm?: true
  /** Present for guests only. */
  readonly gst?: true
  /** Seconds since 1970. */
  readonly exp: number
}

/**
 * Names the key in a token's header. Made from the key, so that nobody has to keep names and keys together: the same key has
 * the same name on every process, and one that is added, or retired, is just there or not.
 */
export function accessTokenKeyId(secret: string): string {
  return createHash('sha256').update(`gochat access token key ${secret}`).digest('base64url').slice(0, 12)
}

const minKeyBytes = 32

/** @throws Error when it is too short. */
export function accessTokenKey(secret: string): Uint8Array {
  const key = new TextEncoder().encode(secret)
  if (key.byteLength < minKeyBytes) throw new Error(`a secret of access tokens must have at least ${minKeyBytes} bytes`)
  return key
}
