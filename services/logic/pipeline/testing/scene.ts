import { ConversationKind, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { createCluster, type Cluster } from './cluster.ts'
import { createMemoryRepo } from './memory-repo.ts'

/** A group of three and a pair of two of them; the stranger is a user, too. */
export const room = '100'
export const pair = '101'
export const [owner, admin, member, stranger] = ['1', '2', '3', '9']

export function setUp(): Cluster {
  const repo = createMemoryRepo()
  repo.addConversation(room, ConversationKind.GROUP, {
    [owner]: Role.OWNER,
    [admin]: Role.ADMIN,
    [member]: Role.MEMBER,
  })
  repo.addConversation(pair, ConversationKind.DIRECT, { [owner]: Role.MEMBER, [member]: Role.MEMBER })
  repo.users.add(stranger)
  return createCluster(repo)
}

/** One process that owns everything. */
export function startOne(cluster = setUp()) {
  const process = cluster.start()
  process.assign([0, 1])
  return { ...cluster, cluster, process }
}

export function textsOf(cluster: Cluster, conversationId = room): unknown[] {
  const { entries } = cluster.repo.conversations.get(conversationId)!
  return entries.slice(1).map(({ type, body }) => {
    const text = Buffer.from(body).toString()
    return type === 'text' ? (JSON.parse(text) as { text: string }).text : type
  })
}

/** The results of every ack, in order. */
export function resultsOf(cluster: Cluster): Record<string, unknown>[] {
  return cluster.replies.flatMap((reply) => reply['results'] as Record<string, unknown>[])
}

/** id → seq, or error code, or outcome. */
export function answersOf(cluster: Cluster): unknown[] {
  return resultsOf(cluster).map((result) => {
    const error = result['error'] as { code: string } | undefined
    return [result['clientMessageId'] ?? result['commandId'], error?.code ?? result['seq'] ?? result['outcome']]
  })
}
