import { partitionOf } from '#delivery/partition.ts'
import type { BusProducer } from '#infra/kafka/index.ts'
import { encode } from '#infra/protobuf/index.ts'
import type { Conversation } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { UpstreamRecordSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'

/** Has the first entry of a conversation pushed to its members, in its place in the order of everything that follows. */
export type Announce = (conversation: Conversation, actorId: string) => Promise<void>

export interface AnnounceDeps {
  readonly producer: Pick<BusProducer, 'send'>
  readonly topic: string
  readonly partitions: number
}

/**
 * As long as there is nothing but the first entry it is announced again by whoever repeats the creation: an answer lost
 * between the two leaves no conversation that its members never hear of. @throws AppError UNAVAILABLE
 */
export function createAnnounce({ producer, topic, partitions }: AnnounceDeps): Announce {
  return async (conversation, actorId) => {
    if (conversation.lastSeq > 1) return
    const { id } = conversation
    const command = { conversationId: id, actorId, body: { case: 'announce', value: {} } } as const
    const value = encode(UpstreamRecordSchema, { commands: [command] })
    await producer.send([{ topic, partition: partitionOf(id, partitions), value }])
  }
}
