/**
 * Station 4 of the message path. Before: services/gateway/ws/frame-handler.ts. After: services/logic/pipeline/consume.ts.
 * Commands share a paced lane; each flush is one Kafka record per partition.
 */
import { partitionOf } from '#delivery/partition.ts'
import type { Place } from '#delivery/routes.ts'
import { topics } from '#delivery/topics.ts'
import { errorBody, type AppError } from '#infra/errors/index.ts'
import { createLane, type BusProducer } from '#infra/kafka/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { encode } from '#infra/protobuf/index.ts'
import { crashPoint } from '#infra/lifecycle/crash-point.ts'
import { UpstreamRecordSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type { AckProbe } from './ack-probe.ts'
import type { Answer, NewCommand, ReplyAddress, Upstream } from './ports.ts'

/** Commands on their way to logic, from sockets and from REST. */
export interface UpstreamLane extends Upstream {
  /** Sends what waits, and takes nothing more. */
  close(timeoutMs: number): Promise<void>
}

export interface UpstreamOptions {
  readonly producer: Pick<BusProducer, 'send'>
  readonly partitions: number
  /** Pacing of the lane: GOCHAT_UPSTREAM_GAP_MS, GOCHAT_UPSTREAM_EAGER_AT. */
  readonly minGapMs: number
  readonly eagerAt: number
  /** Where answers reach this gateway; asked when a record is made. */
  readonly place: () => Place
  /** Commands whose record may not have arrived: their refusal, as logic would have answered it. */
  readonly onRefused: (replyTo: ReplyAddress, answer: Answer) => void
  readonly acks: Pick<AckProbe, 'sent'>
  readonly log: Logger
  readonly metrics: Metrics
}

/** What one frame or request brought. It travels as a whole: when it is lost, all later messages of the frame are too. */
interface Parcel {
  readonly commands: readonly NewCommand[]
  readonly replyTo: ReplyAddress | undefined
  readonly conversationId: string
  readonly bytes: number
}

export function createUpstream(options: UpstreamOptions): UpstreamLane {
  const { producer, partitions, minGapMs, eagerAt, place, onRefused, acks, log, metrics } = options
  const accepted = metrics.counter('gochat_gateway_commands_total', 'Commands taken for gochat.upstream')
  const refused = metrics.counter(
    'gochat_gateway_commands_refused_total',
    'Commands refused: the upstream lane was full',
  )
  const failed = metrics.counter('gochat_gateway_commands_failed_total', 'Commands whose record may not have arrived')
  const depth = metrics.gauge('gochat_gateway_upstream_waiting', 'Frames and requests that wait in the upstream lane')
  const queuedBytes = metrics.gauge('gochat_gateway_upstream_queued_bytes', 'Bytes waiting or in flight upstream')
  const shouldLog = createLogThrottle(5000)

  const lane = createLane<Parcel>({
    topic: topics.upstream,
    send: (records) => producer.send(records),
    partitionOf: ({ conversationId }) => partitionOf(conversationId, partitions),
    sizeOf: ({ bytes }) => bytes,
    encode: (parcels) => encodeRecord(parcels, place()),
    onFlushed: () => crashPoint('after-produce'),
    onFailed(parcels, error) {
      const passedOver = shouldLog()
      if (passedOver !== undefined)
        log.warn({ err: error, parcels: parcels.length, passedOver }, 'commands not produced')
      for (const { commands, replyTo, conversationId } of parcels) {
        failed.inc(commands.length)
        if (replyTo !== undefined) onRefused(replyTo, refusalOf(commands, replyTo, conversationId, error))
      }
    },
    minGapMs,
    eagerAt,
    maxItemsPerFlush: 500,
    maxRecordBytes: 128 * 1024,
  })
  metrics.onScrape(() => {
    depth.set(lane.waiting)
    queuedBytes.set(lane.queuedBytes)
  })

  return {
    submit(commands, replyTo) {
      const first = commands[0]
      if (first === undefined) return true
      const isTaken = lane.push({ commands, replyTo, conversationId: first.conversationId, bytes: sizeOf(commands) })
      if (!isTaken) {
        refused.inc(commands.length)
        return false
      }
      accepted.inc(commands.length)
      if (replyTo !== undefined) acks.sent(replyTo)
      return true
    },
    close: (timeoutMs) => lane.close(timeoutMs),
  }
}

function encodeRecord(parcels: readonly Parcel[], { slot, epoch }: Place): Buffer {
  const commands = parcels.flatMap(({ commands, replyTo }) => {
    const address = replyTo === undefined ? {} : { replyTo: { slot, epoch, ...replyTo } }
    return commands.map((command) => ({ ...command, ...address }))
  })
  return encode(UpstreamRecordSchema, { commands })
}

/** About what the commands weigh encoded: ids and addresses count a flat 160 bytes each. */
function sizeOf(commands: readonly NewCommand[]): number {
  let bytes = 0
  for (const { body } of commands) {
    bytes += 160
    if (body.case === 'send') bytes += body.value.body?.length ?? 0
    else if (body.case === 'setAnnouncement') bytes += 3 * (body.value.text?.length ?? 0)
    else if (body.case === 'add' || body.case === 'remove') bytes += 22 * (body.value.userIds?.length ?? 0)
  }
  return bytes
}

function refusalOf(
  commands: readonly NewCommand[],
  { request }: ReplyAddress,
  conversationId: string,
  error: AppError,
): Answer {
  const body = errorBody(error)
  const results = commands.map((command) => {
    return command.body.case === 'send'
      ? { clientMessageId: command.id, error: body }
      : { commandId: command.id, error: body }
  })
  return { t: 'ack', id: request, conversationId, results }
}
