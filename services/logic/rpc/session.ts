import type { Client, Handlers } from '#infra/rpc/index.ts'
import type { SessionRepo } from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import type { SessionService } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import { AppError } from '#infra/errors/index.ts'
import { requireClientId, requireId, requireIds, requireName } from './arguments.ts'
import type { Revoke } from './revocations.ts'

export interface SessionDeps {
  readonly sessions: Pick<
    Client<typeof SessionRepo>,
    'findEndedSessions' | 'listSessions' | 'nameSession' | 'revokeSession' | 'setSuspended'
  >
  readonly revoke: Revoke
}

/** Everybody for the own devices; who may suspend is decided by the gateway's route, as for all that is under /admin. */
export function createSessionService({ sessions, revoke }: SessionDeps): Handlers<typeof SessionService> {
  return {
    async checkSessions({ sessionIds }) {
      requireIds('sessionIds', sessionIds, maxChecked)
      const { ended } = await sessions.findEndedSessions({ ids: sessionIds })
      return { ended }
    },
    async listDevices({ actorId }) {
      const { devices } = await sessions.listSessions({ userId: requireId('actorId', actorId) })
      return { devices }
    },
    async nameDevice({ actorId, deviceId, name }) {
      requireClientId('deviceId', deviceId)
      const { device } = await sessions.nameSession({ userId: actorId, deviceId, name: requireName('name', name) })
      return { device }
    },
    async revokeDevice({ actorId, deviceId }) {
      const which = { case: 'deviceId', value: requireClientId('deviceId', deviceId) } as const
      const { endedIds } = await sessions.revokeSession({ userId: requireId('actorId', actorId), which })
      if (endedIds.length === 0) throw new AppError('NOT_FOUND')
      await revoke({ userId: actorId, sessionIds: endedIds })
      return {}
    },
    async suspendUser({ userId }) {
      const suspension = { userId: requireId('userId', userId), isSuspended: true }
      const { endedIds } = await sessions.setSuspended(suspension)
      await revoke({ userId, sessionIds: endedIds, isSuspension: true })
      return {}
    },
    async restoreUser({ userId }) {
      await sessions.setSuspended({ userId: requireId('userId', userId), isSuspended: false })
      return {}
    },
  }
}

/** What a gateway asks at a time. */
const maxChecked = 500
