import { create, toBinary } from '@bufbuild/protobuf'
import {
  AudienceSchema,
  DeliverySchema,
  DownstreamRecordSchema,
  ReplySchema,
  type DownstreamRecord,
} from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import type { AudienceOut } from './emit.ts'
import type { Place } from './routes.ts'
import { downstreamTopic } from './topics.ts'
import type { TransportRecord } from './transport.ts'

/** Below max.message.bytes (1 MiB), with room for what the size estimate misses. */
const maxRecordBytes = 900 * 1024

/** Gathers what goes to each gateway into as few records as may be: one each, unless it grows too large. */
export interface Outbox {
  reply(to: Place, reply: { connection: number; request: string; payload: Uint8Array }): void
  delivery(to: Place, payload: Uint8Array, connections: readonly number[], userIds: readonly string[]): void
  /** `exceptConnection`: the socket there that does not get it; 0: none. */
  audience(to: Place, payload: Uint8Array, audience: AudienceOut, exceptConnection: number): void
  records(): TransportRecord[]
}

interface Page {
  readonly slot: number
  readonly record: DownstreamRecord
  bytes: number
}

export function createOutbox(): Outbox {
  const pages: Page[] = []
  const open = new Map<string, Page>()

  function pageFor({ slot, epoch }: Place, bytes: number): DownstreamRecord {
    const key = `${slot}.${epoch}`
    let page = open.get(key)
    if (page === undefined || page.bytes + bytes > maxRecordBytes) {
      page = { slot, record: create(DownstreamRecordSchema, { epoch }), bytes: 0 }
      pages.push(page)
      open.set(key, page)
    }
    page.bytes += bytes
    return page.record
  }

  return {
    reply(to, { connection, request, payload }) {
      const record = pageFor(to, payload.length + request.length * 3 + 32)
      record.replies.push(create(ReplySchema, { connection, request, payload }))
    },
    delivery(to, payload, connections, userIds) {
      const record = pageFor(to, payload.length + connections.length * 5 + userIds.length * 22 + 32)
      const delivery = create(DeliverySchema, { payload })
      // Shared between deliveries to the same members: nobody changes them any more.
      delivery.connections = connections as number[]
      delivery.userIds = userIds as string[]
      record.deliveries.push(delivery)
    },
    audience(to, payload, { conversationId, seq, memberVersion }, exceptConnection) {
      const record = pageFor(to, payload.length + 64)
      const audience = create(AudienceSchema, { conversationId, seq, memberVersion, exceptConnection })
      record.deliveries.push(create(DeliverySchema, { payload, audience }))
    },
    records() {
      return pages.map(({ slot, record }) => {
        const bytes = toBinary(DownstreamRecordSchema, record)
        const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        return { topic: downstreamTopic(slot), partition: 0, value }
      })
    },
  }
}
