/**
 * The access token: a JWT that logic signs and gateways verify, with one algorithm and nothing to negotiate.
 * Both sides read these constants; neither imports the other.
 */
export const accessTokenFormat = {
  algorithm: 'HS256',
  issuer: 'gochat',
  audience: 'gochat',
  typ: 'at+jwt',
  /** Names the signing key, so that a second one can be added before the first is retired. */
  keyId: 'k1',
  lifetimeSeconds: 15 * 60,
} as const

export interface AccessTokenClaims {
  /** User id. */
  readonly sub: string
  /** Device id: one installation of a client, chosen by it. */
  readonly dev: string
  /** Present for admins only. */
  readonly adm?: true
  /** Seconds since 1970. */
  readonly exp: number
}
