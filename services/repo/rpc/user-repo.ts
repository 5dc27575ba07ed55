import { AppError } from '#infra/errors/index.ts'
import type { Handlers } from '#infra/rpc/index.ts'
import { limits } from '#proto/frames/limits.ts'
import type { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'
import { cacheKeys } from '../cache/keys.ts'
import { createUser, findCredentials, findUsers, updateDisplayName, type UserRecord } from '../queries/users.ts'
import type { RepoDeps } from '../repo.ts'
import { idOf, idsOf, textOf } from './input.ts'

export function userRepo({ mysql, cache, newId }: RepoDeps): Handlers<typeof UserRepo> {
  return {
    async createUser(request) {
      const { isGuest } = request
      const id = newId()
      const name = isGuest ? `guest-${id}` : textOf(request.name, 'name', limits.maxNameLength)
      const user = {
        id,
        name,
        isGuest,
        displayName: isGuest && request.displayName === '' ? name : displayNameOf(request),
        passwordHash: isGuest ? '' : textOf(request.passwordHash, 'password_hash', maxHashLength),
        createdAtMs: Date.now(),
      }
      await createUser(mysql.db, user)
      return { user: publicPart(user) }
    },

    async getUsers(request) {
      const ids = idsOf(request.ids, 'ids', maxIds)
      const users = await cache.read<UserRecord>('user', ids.map(cacheKeys.user), async (keys) => {
        const wanted = new Set(keys)
        const missing = ids.filter((id) => wanted.has(cacheKeys.user(id)))
        return new Map((await findUsers(mysql.db, missing)).map((user) => [cacheKeys.user(user.id), user]))
      })
      return { users: [...users.values()] }
    },

    async findUser(request) {
      return { user: publicPart(await requireUser({ name: nameOf(request) })) }
    },

    async getCredentials(request) {
      const { passwordHash, isAdmin, ...user } = await requireUser(
        request.id === '' ? { name: nameOf(request) } : { id: idOf(request.id, 'id') },
      )
      return { user, passwordHash, isAdmin }
    },

    async updateProfile(request) {
      const id = idOf(request.id, 'id')
      const displayName = displayNameOf(request)
      const isFound = await updateDisplayName(mysql.db, id, displayName)
      cache.invalidate([cacheKeys.user(id)])
      const [user] = isFound ? await findUsers(mysql.db, [id]) : []
      if (user === undefined) throw new AppError('USER_NOT_FOUND')
      return { user }
    },
  }

  async function requireUser(who: Parameters<typeof findCredentials>[1]) {
    const user = await findCredentials(mysql.db, who)
    if (user === undefined) throw new AppError('USER_NOT_FOUND')
    return user
  }
}

const maxHashLength = 255
const maxIds = 10_000

function nameOf({ name }: { readonly name: string }): string {
  return textOf(name, 'name', limits.maxNameLength)
}

function displayNameOf({ displayName }: { readonly displayName: string }): string {
  return textOf(displayName, 'display_name', limits.maxNameLength)
}

function publicPart({ id, name, displayName, createdAtMs, isGuest }: UserRecord): UserRecord {
  return { id, name, displayName, createdAtMs, isGuest }
}
