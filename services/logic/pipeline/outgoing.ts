import type { DeliveryOut } from '#delivery/emit.ts'
import { taskRecord } from '#delivery/tasks.ts'
import type { TransportRecord } from '#delivery/transport.ts'
import type { ReplyTo } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type { Recipients } from './item.ts'

/** What a batch has to say to members, gathered in order. */
export interface Outgoing {
  entry(payload: Buffer, conversationId: string, seq: number, to: Recipients, origin: ReplyTo | undefined): void
  /** Anything else. */
  frame(payload: Buffer, userIds: readonly string[], isLarge: boolean): void
  gathered(): Gathered
}

export interface Gathered {
  readonly deliveries: readonly DeliveryOut[]
  /** How many of them belong to large conversations. */
  readonly largeDeliveries: number
  /** Large conversations with entries: all their members must be settled. */
  readonly tasks: readonly TransportRecord[]
}

export function createOutgoing(): Outgoing {
  const deliveries: DeliveryOut[] = []
  const heads = new Map<string, number>()
  let largeDeliveries = 0

  return {
    entry(payload, conversationId, seq, to, origin) {
      if (!('memberVersion' in to)) {
        deliveries.push(delivery(payload, to, origin))
        return
      }
      const audience = { conversationId, seq, memberVersion: to.memberVersion }
      deliveries.push({ ...delivery(payload, nobody, origin), audience })
      largeDeliveries += 1
      heads.set(conversationId, Math.max(seq, heads.get(conversationId) ?? 0))
    },
    frame(payload, userIds, isLarge) {
      deliveries.push({ payload, userIds })
      if (isLarge) largeDeliveries += 1
    },
    gathered: () => ({ deliveries, largeDeliveries, tasks: [...heads].map(settleDue) }),
  }
}

const nobody: readonly string[] = []

/** The socket that sent a message gets the ack, which is its copy. */
function delivery(payload: Buffer, userIds: readonly string[], origin: ReplyTo | undefined): DeliveryOut {
  return origin === undefined || origin.connection === 0
    ? { payload, userIds }
    : { payload, userIds, exceptConnection: origin }
}

function settleDue([conversationId, headSeq]: [string, number]): TransportRecord {
  return taskRecord(conversationId, { case: 'settleDue', value: { conversationId, headSeq } })
}
