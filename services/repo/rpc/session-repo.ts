import { AppError } from '#infra/errors/index.ts'
import type { Handlers } from '#infra/rpc/index.ts'
import { limits } from '#proto/frames/limits.ts'
import type { SessionRepo } from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import { createSession } from '../queries/create-session.ts'
import { changePassword, revokeSession, setSuspended } from '../queries/end-sessions.ts'
import { rotateSession } from '../queries/rotate-session.ts'
import { findEndedSessions, listDevices, nameDevice } from '../queries/sessions.ts'
import type { RepoDeps } from '../repo.ts'
import { clientIdOf, hashOf, idOf, idsOf, invalid, textOf } from './input.ts'

export function sessionRepo({ mysql, newId }: RepoDeps): Handlers<typeof SessionRepo> {
  return {
    async createSession(request) {
      const session = {
        id: newId(),
        userId: idOf(request.userId, 'user_id'),
        deviceId: clientIdOf(request.deviceId, 'device_id'),
        deviceName: request.deviceName === '' ? '' : nameOf(request.deviceName, 'device_name'),
        familyHash: hashOf(request.familyHash, 'family_hash'),
        refreshHash: hashOf(request.refreshHash, 'refresh_hash'),
        expiresAtMs: request.expiresAtMs,
        passwordHash: request.passwordHash,
      }
      const endedIds = await mysql.transaction((tx) => createSession(tx, session))
      return { id: session.id, endedIds }
    },

    async rotateSession(request) {
      const rotation = {
        id: idOf(request.id, 'id'),
        familyHash: hashOf(request.familyHash, 'family_hash'),
        refreshHash: hashOf(request.refreshHash, 'refresh_hash'),
        nextHash: hashOf(request.nextHash, 'next_hash'),
        nextSalt: hashOf(request.nextSalt, 'next_salt'),
        expiresAtMs: request.expiresAtMs,
        guestExpiresAtMs: request.guestExpiresAtMs,
      }
      return await mysql.transaction((tx) => rotateSession(tx, rotation))
    },

    async findEndedSessions({ ids }) {
      return { ended: await findEndedSessions(mysql.db, idsOf(ids, 'ids', maxIds)) }
    },

    async listSessions({ userId }) {
      return { devices: await listDevices(mysql.db, idOf(userId, 'user_id')) }
    },

    async nameSession({ userId, deviceId, name }) {
      const device = await nameDevice(
        mysql.db,
        idOf(userId, 'user_id'),
        clientIdOf(deviceId, 'device_id'),
        nameOf(name, 'name'),
      )
      if (device === undefined) throw new AppError('NOT_FOUND')
      return { device }
    },

    async revokeSession({ userId, which }) {
      const owner = idOf(userId, 'user_id')
      if (which.case === undefined) throw invalid('which', 'is missing')
      const target =
        which.case === 'id' ? { id: idOf(which.value, 'id') } : { deviceId: clientIdOf(which.value, 'device_id') }
      return { endedIds: await mysql.transaction((tx) => revokeSession(tx, owner, target)) }
    },

    async changePasswordHash(request) {
      const change = {
        userId: idOf(request.userId, 'user_id'),
        oldHash: textOf(request.oldHash, 'old_hash', maxHashLength),
        newHash: textOf(request.newHash, 'new_hash', maxHashLength),
        sessionId: idOf(request.sessionId, 'session_id'),
      }
      return { endedIds: await mysql.transaction((tx) => changePassword(tx, change)) }
    },

    async setSuspended({ userId, isSuspended }) {
      const id = idOf(userId, 'user_id')
      return { endedIds: await mysql.transaction((tx) => setSuspended(tx, id, isSuspended)) }
    },
  }
}

const maxIds = 1000
const maxHashLength = 255

function nameOf(name: string, field: string): string {
  return textOf(name, field, limits.maxNameLength)
}
