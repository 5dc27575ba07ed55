import { AppError, toAppError } from '#infra/errors/index.ts'
import { createUlid } from '#infra/id/index.ts'
import type { Client, Handlers } from '#infra/rpc/index.ts'
import { limits } from '#proto/frames/index.ts'
import type { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import type { SessionRepo } from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import type { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'
import { requireClientId, requireId, requireLength, requireName } from './arguments.ts'
import { createLogins, type LoginDeps } from './logins.ts'
import type { Passwords } from './passwords.ts'

const minPasswordLength = 8
const maxPasswordLength = 200
/** Guests are called so, and nobody else. */
const guestName = /^guest-\d+$/

export interface AuthDeps extends LoginDeps {
  readonly users: Pick<Client<typeof UserRepo>, 'createUser' | 'getCredentials'>
  readonly sessions: LoginDeps['sessions'] & Pick<Client<typeof SessionRepo>, 'revokeSession' | 'changePasswordHash'>
  readonly passwords: Passwords
}

export function createAuthService(deps: AuthDeps): Handlers<typeof AuthService> {
  const { users, sessions, passwords, revoke } = deps
  const logins = createLogins(deps)
  const nextDevice = createUlid()

  return {
    async register({ name, password, displayName, ...device }, { signal }) {
      const where = deviceOf(device)
      if (guestName.test(name)) throw new AppError('USERNAME_TAKEN')
      const account = {
        name: requireName('name', name),
        displayName: displayName === '' ? name : requireName('displayName', displayName),
        passwordHash: await passwords.hash(newPassword('password', password), signal),
      }
      // Not repeated by itself: a second attempt would find its own name taken.
      const { user } = await users.createUser(account, { retries: 0 })
      return await logins.begin({ ...known(user), isAdmin: false, passwordHash: account.passwordHash, ...where })
    },

    async login({ name, password, ...device }, { signal }) {
      const where = deviceOf(device)
      requireLength('password', password, 0, maxPasswordLength)
      const credentials = await findCredentials({ name: requireLength('name', name, 0, maxTriedName) })
      const isRight = await passwords.verify(credentials?.passwordHash, password, signal)
      if (credentials === undefined || !isRight) throw new AppError('UNAUTHENTICATED')
      const { passwordHash, isAdmin } = credentials
      return await logins.begin({ ...known(credentials.user), isAdmin, passwordHash, ...where })
    },

    async enterAsGuest({ displayName, ...device }) {
      const where = deviceOf(device)
      if (displayName !== '') requireName('displayName', displayName)
      const { user } = await users.createUser({ displayName, isGuest: true }, { retries: 0 })
      return await logins.begin({ ...known(user), isAdmin: false, passwordHash: '', ...where })
    },

    async refresh({ refreshToken }) {
      return await logins.refresh(refreshToken)
    },

    async logout({ actorId, sessionId }) {
      const which = { case: 'id', value: requireId('sessionId', sessionId) } as const
      const { endedIds } = await sessions.revokeSession({ userId: requireId('actorId', actorId), which })
      await revoke({ userId: actorId, sessionIds: endedIds })
      return {}
    },

    async changePassword({ actorId, sessionId, oldPassword, newPassword: wanted }, { signal }) {
      requireId('sessionId', sessionId)
      requireLength('oldPassword', oldPassword, 0, maxPasswordLength)
      newPassword('newPassword', wanted)
      const credentials = await findCredentials({ id: requireId('actorId', actorId) })
      const isRight = await passwords.verify(credentials?.passwordHash, oldPassword, signal)
      // Not UNAUTHENTICATED: the access token is good, and a client should not go and get another.
      if (credentials === undefined || !isRight) throw wrongOldPassword()
      const change = {
        userId: actorId,
        sessionId,
        oldHash: credentials.passwordHash,
        newHash: await passwords.hash(wanted, signal),
      }
      const { endedIds } = await sessions.changePasswordHash(change, { retries: 0 }).catch((error: unknown) => {
        throw toAppError(error).code === 'UNAUTHENTICATED' ? wrongOldPassword() : error
      })
      await revoke({ userId: actorId, sessionIds: endedIds })
      return {}
    },
  }

  function deviceOf({ deviceId, deviceName }: { readonly deviceId: string; readonly deviceName: string }) {
    return {
      deviceId: deviceId === '' ? nextDevice() : requireClientId('deviceId', deviceId),
      deviceName: deviceName === '' ? '' : requireName('deviceName', deviceName),
    }
  }

  /** Undefined: nobody, or a guest, who has none. */
  async function findCredentials(who: { readonly name: string } | { readonly id: string }) {
    try {
      const credentials = await users.getCredentials(who)
      return credentials.passwordHash === '' ? undefined : credentials
    } catch (error) {
      if (toAppError(error).code === 'USER_NOT_FOUND') return undefined
      throw error
    }
  }
}

/** Longer than a name can be, in whatever way it is counted: such a name is unknown rather than wrong. */
const maxTriedName = 4 * limits.maxNameLength

function newPassword(field: string, password: string): string {
  return requireLength(field, password, minPasswordLength, maxPasswordLength)
}

function wrongOldPassword(): AppError {
  return new AppError('FORBIDDEN', { message: 'The old password is wrong.', details: { field: 'oldPassword' } })
}

function known<T>(user: T | undefined): { user: T } {
  if (user === undefined) throw new AppError('INTERNAL')
  return { user }
}
