import { pagesOf } from './pages.ts'
import type { RepoPort } from './pipeline/repo-port.ts'
import type { RepoClients } from './servers.ts'

/** The pipeline's questions as calls to repo. */
export function connectRepoPort(
  repo: Pick<RepoClients, 'conversations' | 'users' | 'messages'>,
  owner: string,
): RepoPort {
  const { conversations, users, messages } = repo
  return {
    async loadStates(wishes) {
      const { states } = await conversations.loadStates({ wishes: [...wishes] }, { timeoutMs: 5000 })
      return states
    },
    async existingUsers(ids) {
      const found: string[] = []
      for (const page of pagesOf(ids, maxUsersPage)) {
        const { users: some } = await users.getUsers({ ids: page })
        for (const { id } of some) found.push(id)
      }
      return found
    },
    async claim(partitions) {
      const { claims } = await messages.claimPartitions({ owner, partitions })
      return claims
    },
  }
}

/** A batch may name more: 500 commands of 100 users. */
const maxUsersPage = 10_000
