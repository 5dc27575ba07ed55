import { AppError } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { Client } from '#infra/rpc/index.ts'
import { RotateOutcome, type SessionRepo } from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import type { User } from '#proto/gen/gochat/user/v1/user_pb.ts'
import type { AccessTokenSigner } from './access-tokens.ts'
import { hashOfHalf, newHalves, newSalt, readRefreshToken, successorOf, writeRefreshToken } from './refresh-token.ts'
import type { Revoke } from './revocations.ts'

/** How long a session lives without a refresh. Each refresh begins it anew. */
export const sessionLifetimeMs = 30 * 24 * 60 * 60 * 1000
/** A guest who does not come back for a week has nothing to come back with. */
export const guestLifetimeMs = 7 * 24 * 60 * 60 * 1000

/** What a client gets that has proved who it is. */
export interface Login {
  readonly user: User
  readonly accessToken: string
  readonly expiresAtMs: number
  readonly refreshToken: string
  readonly refreshExpiresAtMs: number
  readonly deviceId: string
}

/** Begins sessions, and goes on with them. */
export interface Logins {
  begin(who: Newcomer): Promise<Login>
  /** @throws AppError UNAUTHENTICATED, SESSION_REVOKED, ACCOUNT_SUSPENDED */
  refresh(refreshToken: string): Promise<Login>
}

export interface Newcomer {
  readonly user: User
  readonly isAdmin: boolean
  /** What was verified; empty for a guest. */
  readonly passwordHash: string
  readonly deviceId: string
  readonly deviceName: string
}

export interface LoginDeps {
  readonly sessions: Pick<Client<typeof SessionRepo>, 'createSession' | 'rotateSession'>
  readonly tokens: AccessTokenSigner
  readonly revoke: Revoke
  readonly log: Logger
  readonly metrics: Metrics
}

export function createLogins({ sessions, tokens, revoke, log, metrics }: LoginDeps): Logins {
  const reused = metrics.counter(
    'gochat_logic_refresh_reused_total',
    'Sessions ended because a refresh token was used again: it may have been stolen',
  )

  return {
    async begin({ user, isAdmin, passwordHash, deviceId, deviceName }) {
      const { family, secret } = newHalves()
      const refreshExpiresAtMs = Date.now() + (user.isGuest ? guestLifetimeMs : sessionLifetimeMs)
      const { id, endedIds } = await sessions.createSession({
        userId: user.id,
        deviceId,
        deviceName,
        familyHash: hashOfHalf(family),
        refreshHash: hashOfHalf(secret),
        expiresAtMs: refreshExpiresAtMs,
        passwordHash,
      })
      await revoke({ userId: user.id, sessionIds: endedIds })
      const bearer = { userId: user.id, deviceId, sessionId: id, isAdmin, isGuest: user.isGuest }
      const refreshToken = writeRefreshToken({ sessionId: id, family, secret })
      return { user, ...(await tokens.sign(bearer)), refreshToken, refreshExpiresAtMs, deviceId }
    },

    async refresh(refreshToken) {
      const { sessionId, family, secret } = readRefreshToken(refreshToken)
      const nextSalt = newSalt()
      const nowMs = Date.now()
      const { outcome, user, isAdmin, deviceId, salt, expiresAtMs } = await sessions.rotateSession({
        id: sessionId,
        familyHash: hashOfHalf(family),
        refreshHash: hashOfHalf(secret),
        nextHash: hashOfHalf(successorOf(secret, nextSalt)),
        nextSalt,
        expiresAtMs: nowMs + sessionLifetimeMs,
        guestExpiresAtMs: nowMs + guestLifetimeMs,
      })
      if (outcome === RotateOutcome.REUSED && user !== undefined) {
        reused.inc()
        log.warn({ userId: user.id, sessionId }, 'a refresh token was used again: its session has ended')
        await revoke({ userId: user.id, sessionIds: [sessionId] })
      }
      const isGranted = outcome === RotateOutcome.ROTATED || outcome === RotateOutcome.REPEATED
      if (!isGranted || user === undefined) throw new AppError(refusals[outcome] ?? 'UNAUTHENTICATED')
      const bearer = { userId: user.id, deviceId, sessionId, isAdmin, isGuest: user.isGuest }
      const next = writeRefreshToken({ sessionId, family, secret: successorOf(secret, salt) })
      return { user, ...(await tokens.sign(bearer)), refreshToken: next, refreshExpiresAtMs: expiresAtMs, deviceId }
    },
  }
}

const refusals: { readonly [outcome in RotateOutcome]?: 'SESSION_REVOKED' | 'ACCOUNT_SUSPENDED' } = {
  [RotateOutcome.REUSED]: 'SESSION_REVOKED',
  [RotateOutcome.REVOKED]: 'SESSION_REVOKED',
  [RotateOutcome.SUSPENDED]: 'ACCOUNT_SUSPENDED',
}
