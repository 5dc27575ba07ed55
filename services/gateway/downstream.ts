/**
 * Station 14 of the message path. Before: delivery/emit.ts. After: services/gateway/ws/hub.ts.
 * Records of this gateway's slot are handed out, a whole fetch at a time; entries of large conversations through their audiences.
 */
import type { RecordBatch } from '#infra/kafka/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { decode } from '#infra/protobuf/index.ts'
import { DownstreamRecordSchema, type DownstreamRecord } from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import type { AckProbe } from './ack-probe.ts'
import type { Answer } from './ports.ts'
import type { Audiences } from './ws/audiences.ts'
import type { Hub } from './ws/hub.ts'
import type { SessionWatch } from './ws/session-watch.ts'

/** What logic sent to this gateway: for sockets, or for a REST request that waits. */
export interface Downstream {
  /** One whole fetch: everything in it is handed out before anything is written to a socket. */
  take(batch: RecordBatch): void
}

export interface DownstreamOptions {
  readonly hub: Pick<Hub, 'reply' | 'deliver' | 'flush'>
  readonly audiences: Pick<Audiences, 'deliver'>
  readonly sessionWatch: Pick<SessionWatch, 'end'>
  readonly onAnswer: (request: string, answer: Answer) => void
  /** Whether this process holds, or held, this epoch of the slot that it holds. */
  readonly isOwnEpoch: (epoch: number) => boolean
  /** Records are missing between two that arrived. */
  readonly onGap: () => void
  readonly acks: Pick<AckProbe, 'answered'>
  readonly log: Logger
  readonly metrics: Metrics
}

export function createDownstream(options: DownstreamOptions): Downstream {
  const { hub, audiences, sessionWatch, onAnswer, isOwnEpoch, onGap, acks, log, metrics } = options
  const taken = metrics.counter(
    'gochat_gateway_downstream_records_total',
    'Downstream records by what became of them',
    ['result'],
  )
  const nextOffsets = new Map<string, number>()

  function hasGap({ topic, records }: RecordBatch): boolean {
    const first = records[0]
    const last = records.at(-1)
    if (first === undefined || last === undefined) return false
    const expected = nextOffsets.get(topic)
    nextOffsets.set(topic, last.offset + 1)
    return (expected !== undefined && first.offset > expected) || last.offset - first.offset >= records.length
  }

  function read(value: Buffer, offset: number): DownstreamRecord | undefined {
    try {
      return decode(DownstreamRecordSchema, value)
    } catch (error) {
      log.error({ err: error, offset }, 'a downstream record cannot be read: left out')
      return undefined
    }
  }

  function answer(request: string, payload: Uint8Array): void {
    try {
      onAnswer(request, JSON.parse(Buffer.from(payload).toString()) as Answer)
    } catch (error) {
      log.error({ err: error }, 'an answer to a REST request cannot be read: left out')
    }
  }

  return {
    take(batch) {
      if (hasGap(batch)) onGap()
      for (const { value, offset } of batch.records) {
        const record = read(value, offset)
        if (record === undefined || !isOwnEpoch(record.epoch)) {
          taken.inc({ result: record === undefined ? 'unreadable' : 'foreign' })
          continue
        }
        taken.inc({ result: 'taken' })
        for (const { connection, request, payload } of record.replies) {
          acks.answered(connection, request)
          if (connection === 0) answer(request, payload)
          else hub.reply(connection, payload)
        }
        for (const delivery of record.deliveries) {
          if (delivery.audience === undefined) hub.deliver(delivery)
          else audiences.deliver(delivery.payload, delivery.audience)
        }
        for (const revocation of record.revocations) sessionWatch.end(revocation)
      }
      hub.flush()
    },
  }
}
