import type { RepoPort } from './pipeline/repo-port.ts'
import type { RepoClients } from './servers.ts'

/** The pipeline's questions as calls to repo. */
export function connectRepoPort(
  repo: Pick<RepoClients, 'conversations' | 'users' | 'messages'>,
  owner: string,
): RepoPort {
  const { conversations, users, messages } = repo
  return {
    async loadStates(conversationIds) {
      const { states } = await conversations.loadStates({ conversationIds }, { timeoutMs: 5000 })
      return states
    },
    async existingUsers(ids) {
      const { users: found } = await users.getUsers({ ids })
      return found.map(({ id }) => id)
    },
    async claim(partitions) {
      const { claims } = await messages.claimPartitions({ owner, partitions })
      return claims
    },
  }
}
