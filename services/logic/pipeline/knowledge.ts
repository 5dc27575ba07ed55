import type { JoinRequests } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { Command } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type { Item } from './item.ts'

export interface KnownUser {
  readonly id: string
  /** May be a member, and nothing more. */
  readonly isGuest: boolean
}

/** What a batch must know next to the states of its conversations. Nothing of it is held: most batches need none. */
export interface Knowledge {
  /** Of whom it names, those that are users. */
  readonly users: ReadonlyMap<string, KnownUser>
  readonly joinRequests: ReadonlyMap<string, JoinRequests>
  /** How many conversations each of those who ask waits for. */
  readonly pendingByUser: ReadonlyMap<string, number>
}

/** What must be asked for. */
export interface Questions {
  readonly userIds: ReadonlySet<string>
  /** By conversation: whose requests to join. */
  readonly joinRequests: ReadonlyMap<string, ReadonlySet<string>>
}

export function questionsOf(items: readonly Item[]): Questions {
  const userIds = new Set<string>()
  const joinRequests = new Map<string, Set<string>>()
  for (const { command, fault } of items) if (fault === undefined) ask(command, userIds, joinRequests)
  return { userIds, joinRequests }
}

/** Sends, and most others, ask for nothing. */
function ask(
  { body, actorId, conversationId }: Command,
  userIds: Set<string>,
  joinRequests: Map<string, Set<string>>,
): void {
  switch (body.case) {
    case 'add':
      for (const userId of body.value.userIds) userIds.add(userId)
      return
    case 'join':
      userIds.add(actorId)
      namedIn(conversationId, joinRequests).add(actorId)
      return
    case 'withdraw':
      namedIn(conversationId, joinRequests).add(actorId)
      return
    case 'approve':
      userIds.add(body.value.userId)
      namedIn(conversationId, joinRequests).add(body.value.userId)
      return
    case 'reject':
      namedIn(conversationId, joinRequests).add(body.value.userId)
      return
    case 'setRole':
    case 'transfer':
      userIds.add(body.value.userId)
      // For who the admins are.
      namedIn(conversationId, joinRequests)
      return
    default:
  }
}

function namedIn(conversationId: string, joinRequests: Map<string, Set<string>>): Set<string> {
  const named = joinRequests.get(conversationId) ?? new Set<string>()
  joinRequests.set(conversationId, named)
  return named
}
