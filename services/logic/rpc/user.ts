import { AppError } from '#infra/errors/index.ts'
import type { Client, Handlers } from '#infra/rpc/index.ts'
import type { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'
import type { UserService } from '#proto/gen/gochat/user/v1/user_service_pb.ts'
import { requireId, requireName } from './arguments.ts'

export interface UserDeps {
  readonly users: Pick<Client<typeof UserRepo>, 'getUsers' | 'findUser' | 'updateProfile'>
}

/** Whoever is logged in may look up whoever has an account, and change what is shown of itself. */
export function createUserService({ users }: UserDeps): Handlers<typeof UserService> {
  return {
    async getProfile({ userId }) {
      const { users: found } = await users.getUsers({ ids: [requireId('userId', userId)] })
      if (found[0] === undefined) throw new AppError('USER_NOT_FOUND')
      return { user: found[0] }
    },
    async findProfile({ name }) {
      const { user } = await users.findUser({ name: requireName('name', name) })
      return { user }
    },
    async changeProfile({ actorId, displayName }) {
      const change = { id: actorId, displayName: requireName('displayName', displayName) }
      const { user } = await users.updateProfile(change)
      return { user }
    },
  }
}
