import type { Processes } from '../driver/processes.ts'
import { openRooms, type Shape } from '../driver/room.ts'
import { makeConversations, type Conversation, type ConversationOptions } from './gochat-conversations.ts'
import { takeSeat } from './gochat-seat.ts'
import type { System } from './system.ts'

export interface Gateway {
  readonly httpUrl: string
  readonly wsUrl: string
}

/** What the rows need of the running system under test. */
export interface GoChatOptions extends ConversationOptions {
  readonly gateways: readonly Gateway[]
  readonly processes: Processes
}

/** The running profile, its members spread over all gateways. */
export function createGoChat(options: GoChatOptions): System {
  const { gateways, processes } = options
  const made = new Map<Shape['name'], Promise<Conversation[]>>()

  function conversationsOf(shape: Shape): Promise<Conversation[]> {
    const known = made.get(shape.name)
    if (known !== undefined) return known
    const conversations = makeConversations(options, { ...shape, isDirect: shape.name === 'pairs' })
    made.set(shape.name, conversations)
    // Another time may go better.
    conversations.catch(() => made.delete(shape.name))
    return conversations
  }

  return {
    name: 'gochat',
    processes,
    async open(shape, meter) {
      const conversations = await conversationsOf(shape)
      return openRooms(shape, meter, ({ room, place, ledger }) => {
        const { id, members } = conversations[room]!
        return takeSeat(gateways[(room + place) % gateways.length]!.wsUrl, members[place]!, id, ledger, place)
      })
    },
  }
}
