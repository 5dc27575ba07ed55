import type { MessageInitShape } from '@bufbuild/protobuf'
import { encode } from '#infra/protobuf/index.ts'
import {
  DownstreamRecordSchema,
  type DeliverySchema,
  type ReplySchema,
  type RevocationSchema,
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
  revocation(to: Place, revocation: RevocationOut): void
  records(): TransportRecord[]
}

/** Sessions of one user that have ended. */
export interface RevocationOut {
  readonly userId: string
  readonly sessionIds: readonly string[]
  readonly isSuspension: boolean
}

/** What `encode` takes: nothing of it is made into a message before. */
interface OutgoingRecord {
  readonly epoch: number
  readonly replies: MessageInitShape<typeof ReplySchema>[]
  readonly deliveries: MessageInitShape<typeof DeliverySchema>[]
  readonly revocations: MessageInitShape<typeof RevocationSchema>[]
}

interface Page {
  readonly slot: number
  readonly record: OutgoingRecord
  bytes: number
}

export function createOutbox(): Outbox {
  const pages: Page[] = []
  const open = new Map<string, Page>()

  function pageFor({ slot, epoch }: Place, bytes: number): OutgoingRecord {
    const key = `${slot}.${epoch}`
    let page = open.get(key)
    if (page === undefined || page.bytes + bytes > maxRecordBytes) {
      page = { slot, record: { epoch, replies: [], deliveries: [], revocations: [] }, bytes: 0 }
      pages.push(page)
      open.set(key, page)
    }
    page.bytes += bytes
    return page.record
  }

  return {
    reply(to, { connection, request, payload }) {
      const record = pageFor(to, payload.length + request.length * 3 + 32)
      record.replies.push({ connection, request, payload })
    },
    delivery(to, payload, connections, userIds) {
      const record = pageFor(to, payload.length + connections.length * 5 + userIds.length * 22 + 32)
      // Shared between deliveries to the same members: nobody changes them any more.
      record.deliveries.push({ payload, connections: connections as number[], userIds: userIds as string[] })
    },
    audience(to, payload, { conversationId, seq, memberVersion }, exceptConnection) {
      const record = pageFor(to, payload.length + 64)
      const audience = { conversationId, seq, memberVersion, exceptConnection }
      record.deliveries.push({ payload, audience })
    },
    revocation(to, { userId, sessionIds, isSuspension }) {
      const record = pageFor(to, sessionIds.length * 22 + 32)
      record.revocations.push({ userId, sessionIds: [...sessionIds], isSuspension })
    },
    records() {
      return pages.map(({ slot, record }) => {
        return { topic: downstreamTopic(slot), partition: 0, value: encode(DownstreamRecordSchema, record) }
      })
    },
  }
}
