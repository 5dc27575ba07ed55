import { AppError, toAppError } from '#infra/errors/index.ts'
import { createUlid } from '#infra/id/index.ts'
import type { Client, Handlers } from '#infra/rpc/index.ts'
import type { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import type { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'
import type { AccessTokenSigner } from './access-tokens.ts'
import { requireClientId, requireLength, requireName } from './arguments.ts'
import type { Passwords } from './passwords.ts'

const minPasswordLength = 8
const maxPasswordLength = 200

export interface AuthDeps {
  readonly users: Pick<Client<typeof UserRepo>, 'createUser' | 'getCredentials'>
  readonly passwords: Passwords
  readonly tokens: AccessTokenSigner
}

export function createAuthService({ users, passwords, tokens }: AuthDeps): Handlers<typeof AuthService> {
  const nextDevice = createUlid()

  return {
    async register({ name, password, displayName, deviceId }) {
      const device = deviceOf(deviceId)
      const user = {
        name: requireName('name', name),
        displayName: displayName === '' ? name : requireName('displayName', displayName),
        passwordHash: await passwords.hash(requireLength('password', password, minPasswordLength, maxPasswordLength)),
      }
      // Not repeated by itself: a second attempt would find its own name taken.
      const { user: created } = await users.createUser(user, { retries: 0 })
      return { user: created, ...(await tokens.sign(created?.id ?? '', device, false)) }
    },

    async login({ name, password, deviceId }) {
      const device = deviceOf(deviceId)
      requireLength('password', password, 0, maxPasswordLength)
      const credentials = await findCredentials(name)
      const isRight = await passwords.verify(credentials?.passwordHash, password)
      if (credentials?.user === undefined || !isRight) throw new AppError('UNAUTHENTICATED')
      const { user, isAdmin } = credentials
      return { user, ...(await tokens.sign(user.id, device, isAdmin)) }
    },
  }

  function deviceOf(deviceId: string): string {
    return deviceId === '' ? nextDevice() : requireClientId('deviceId', deviceId)
  }

  async function findCredentials(name: string) {
    try {
      return await users.getCredentials({ name: requireLength('name', name, 0, 400) })
    } catch (error) {
      if (toAppError(error).code === 'USER_NOT_FOUND') return undefined
      throw error
    }
  }
}
