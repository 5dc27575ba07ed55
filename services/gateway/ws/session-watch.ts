import type { SessionBook } from '../sessions.ts'
import type { Connection } from './connection.ts'
import type { Hub } from './hub.ts'

/** Closes the sockets of sessions that have ended. */
export interface SessionWatch {
  /** Logic says so. */
  end(revocation: {
    readonly userId: string
    readonly sessionIds: readonly string[]
    readonly isSuspension: boolean
  }): void
  /** Asks about the sessions of all sockets: whatever logic said may have been lost. */
  checkAll(): Promise<void>
}

export interface SessionWatchOptions {
  readonly hub: Pick<Hub, 'all' | 'ofUser'>
  readonly sessions: Pick<SessionBook, 'end' | 'check' | 'refusalOf'>
}

export function createSessionWatch({ hub, sessions }: SessionWatchOptions): SessionWatch {
  function closeEnded(connections: Iterable<Connection>): void {
    for (const connection of connections) {
      const refusal = connection.identity && sessions.refusalOf(connection.identity.sessionId)
      if (refusal !== undefined) connection.closeWith(refusal)
    }
  }

  return {
    end({ userId, sessionIds, isSuspension }) {
      sessions.end(sessionIds, isSuspension)
      closeEnded(hub.ofUser(userId))
    },
    async checkAll() {
      const ids = new Set<string>()
      for (const { identity } of hub.all()) if (identity !== undefined) ids.add(identity.sessionId)
      const ended = await sessions.check([...ids])
      if (ended.length > 0) closeEnded(hub.all())
    },
  }
}
