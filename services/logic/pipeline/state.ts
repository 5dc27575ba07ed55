import { DeliveryClass, type ConversationKind, type Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ConversationState } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'

/** An active member, as the owner of the partition knows it: exactly, because nobody else writes. */
export interface ActiveMember {
  readonly userId: string
  readonly role: Role
  readonly joinSeq: number
  readonly mutedUntilMs: number
  readonly isActive: true
}

export interface Conversation {
  readonly id: string
  readonly partition: number
  readonly kind: ConversationKind
  readonly isLarge: boolean
  lastSeq: number
  readonly members: Map<string, ActiveMember>
  /** The keys of members. Never changed in place: entries on their way keep theirs. */
  userIds: readonly string[]
  /** Up to where members have read. */
  readonly readSeqs: Map<string, number>
}

/** What the owner holds of conversations. Absence is not held: somebody may create it. */
export interface States {
  readonly size: number
  get(conversationId: string): Conversation | undefined
  put(state: ConversationState, partition: number): void
  /** Back into the bounds. Never in the middle of a batch: what it needs would look as if it did not exist. */
  trim(): void
  drop(conversationId: string): void
  dropPartition(partition: number): void
  clear(): void
}

export interface StatesOptions {
  /** Default 20 000. */
  readonly maxConversations?: number
  /** Of all conversations together. Default 1 000 000. */
  readonly maxMembers?: number
}

/** Beyond its bounds the conversations that were longest without a command are forgotten. */
export function createStates(options: StatesOptions = {}): States {
  const { maxConversations = 20_000, maxMembers = 1_000_000 } = options
  // In order of use: a hit moves to the end.
  const held = new Map<string, { state: Conversation; weight: number }>()
  let members = 0

  function drop(conversationId: string): void {
    members -= held.get(conversationId)?.weight ?? 0
    held.delete(conversationId)
  }

  return {
    get size() {
      return held.size
    },
    get(conversationId) {
      const found = held.get(conversationId)
      if (found === undefined) return undefined
      held.delete(conversationId)
      held.set(conversationId, found)
      return found.state
    },
    put(loaded, partition) {
      drop(loaded.conversationId)
      const state = fromLoaded(loaded, partition)
      held.set(state.id, { state, weight: state.members.size })
      members += state.members.size
    },
    trim() {
      for (const oldest of held.keys()) {
        if (held.size <= maxConversations && members <= maxMembers) break
        drop(oldest)
      }
    },
    drop,
    dropPartition(partition) {
      for (const { state } of held.values()) if (state.partition === partition) drop(state.id)
    },
    clear() {
      held.clear()
      members = 0
    },
  }
}

function fromLoaded(loaded: ConversationState, partition: number): Conversation {
  const members = new Map<string, ActiveMember>()
  const readSeqs = new Map<string, number>()
  for (const { userId, role, joinSeq, mutedUntilMs, readSeq } of loaded.members) {
    members.set(userId, { userId, role, joinSeq, mutedUntilMs, isActive: true })
    readSeqs.set(userId, readSeq)
  }
  return {
    id: loaded.conversationId,
    partition,
    kind: loaded.kind,
    isLarge: loaded.deliveryClass === DeliveryClass.LARGE,
    lastSeq: loaded.lastSeq,
    members,
    userIds: [...members.keys()],
    readSeqs,
  }
}
