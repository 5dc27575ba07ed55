import type { ConversationState } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { addLoaded, fromLoaded, isMoreOf, type Conversation } from './conversation.ts'

/** What the owner holds of conversations. Absence is not held: somebody may create it. */
export interface States {
  readonly size: number
  get(conversationId: string): Conversation | undefined
  /** `askedFor`: of a state that is not whole, whom it was asked for. It adds to what is held. */
  put(state: ConversationState, askedFor: readonly string[], partition: number): void
  /** Back into the bounds. Never in the middle of a batch: what it needs would look as if it did not exist. */
  trim(): void
  drop(conversationId: string): void
  dropPartition(partition: number): void
  clear(): void
}

export interface StatesOptions {
  /** Default 20 000. */
  readonly maxConversations?: number
  /** Whose places are held, of all conversations together. Default 1 000 000. */
  readonly maxMembers?: number
}

interface Held {
  readonly state: Conversation
  /** When it was last used: batches change what is held of it. */
  weight: number
}

/** Beyond its bounds the conversations that were longest without a command are forgotten. */
export function createStates(options: StatesOptions = {}): States {
  const { maxConversations = 20_000, maxMembers = 1_000_000 } = options
  // In order of use: a hit moves to the end.
  const held = new Map<string, Held>()
  let weight = 0

  function use(found: Held): Conversation {
    const { state } = found
    held.delete(state.id)
    held.set(state.id, found)
    const now = state.members.size + state.outsiders.size
    weight += now - found.weight
    found.weight = now
    return state
  }

  function drop(conversationId: string): void {
    weight -= held.get(conversationId)?.weight ?? 0
    held.delete(conversationId)
  }

  return {
    get size() {
      return held.size
    },
    get(conversationId) {
      const found = held.get(conversationId)
      return found === undefined ? undefined : use(found)
    },
    put(loaded, askedFor, partition) {
      const found = held.get(loaded.conversationId)
      if (found !== undefined && isMoreOf(found.state, loaded)) {
        addLoaded(found.state, loaded, askedFor)
        use(found)
        return
      }
      drop(loaded.conversationId)
      use({ state: fromLoaded(loaded, askedFor, partition), weight: 0 })
    },
    trim() {
      for (const oldest of held.keys()) {
        if (held.size <= maxConversations && weight <= maxMembers) break
        drop(oldest)
      }
    },
    drop,
    dropPartition(partition) {
      for (const { state } of held.values()) if (state.partition === partition) drop(state.id)
    },
    clear() {
      held.clear()
      weight = 0
    },
  }
}
