import { AppError } from '#infra/errors/index.ts'
import { limits } from '#proto/frames/index.ts'
import type { AccessTokens, Identity, Sessions, Tickets } from '../ports.ts'
import type { Audiences } from './audiences.ts'
import type { Connection } from './connection.ts'
import type { Hub } from './hub.ts'
import type { Presence } from './presence.ts'

/** From a stranger's socket to one that is reachable: who it is, its route, its large conversations, `ready`. */
export interface Login {
  withToken(connection: Connection, token: string): Promise<void>
  withTicket(connection: Connection, ticket: string): Promise<void>
}

export interface LoginDeps {
  readonly accessTokens: AccessTokens
  readonly sessions: Sessions
  readonly tickets: Tickets
  readonly hub: Hub
  readonly presence: Pick<Presence, 'update'>
  readonly audiences: Pick<Audiences, 'enter'>
}

/**
 * @throws AppError UNAUTHENTICATED, TOKEN_EXPIRED, SESSION_REVOKED, ACCOUNT_SUSPENDED, TOO_MANY_CONNECTIONS, UNAVAILABLE: all
 * end the connection.
 */
export function createLogin({ accessTokens, sessions, tickets, hub, presence, audiences }: LoginDeps): Login {
  async function enter(connection: Connection, identity: Identity): Promise<void> {
    await sessions.require(identity)
    if (!connection.socket.isOpen) return
    // From here to hub.join() nothing waits: an end of the session that comes later finds the socket there.
    const { userId, deviceId } = identity
    if (hub.ofUser(userId).length >= limits.maxConnectionsPerUser) throw new AppError('TOO_MANY_CONNECTIONS')
    connection.identity = identity
    hub.join(connection)
    await Promise.all([presence.update(userId), audiences.enter(userId)])
    // What is pushed before this frame is left out: the client syncs after `ready`.
    connection.send({ t: 'ready', userId, deviceId, serverTime: Date.now() })
    connection.isReady = true
  }

  return {
    async withToken(connection, token) {
      await enter(connection, await accessTokens.verify(token))
    },
    async withTicket(connection, ticket) {
      const identity = await tickets.redeem(ticket)
      if (identity === undefined) throw new AppError('UNAUTHENTICATED')
      await enter(connection, identity)
    },
  }
}
