import { pagesOf } from './pages.ts'
import type { KnownUser } from './pipeline/knowledge.ts'
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
    async findUsers(ids) {
      const found: KnownUser[] = []
      for (const page of pagesOf(ids, maxUsersPage)) {
        const { users: some } = await users.getUsers({ ids: page })
        for (const { id, isGuest } of some) found.push({ id, isGuest })
      }
      return found
    },
    async loadJoinRequests(wishes) {
      const list = [...wishes].map(([conversationId, userIds]) => ({ conversationId, userIds: [...userIds] }))
      return conversations.loadJoinRequests({ wishes: list }, { timeoutMs: 5000 })
    },
    async claim(partitions) {
      const { claims } = await messages.claimPartitions({ owner, partitions })
      return claims
    },
  }
}

/** A batch may name more: 1 000 commands of 100 users. */
const maxUsersPage = 10_000
