/**
 * Station 13 of the message path. Before: services/logic/pipeline/dispatch.ts. After: services/gateway/downstream.ts.
 * What a batch has to say becomes one Kafka record per gateway.
 */
import type { Metrics } from '#infra/metrics/index.ts'
import type { Place, RouteReader } from './routes.ts'
import type { SlotView } from './slot-view.ts'
import { addressBy, type Addressing } from './addressing.ts'
import { createOutbox } from './outbox.ts'
import type { Transport, TransportRecord } from './transport.ts'

/** Sends answers and deliveries to the gateways. */
export interface Emitter {
  /**
   * Everything that one batch has to say. Resolves when it is safe with the transport; then a gateway that lives will read it.
   * Order is kept for each gateway: its replies, then the deliveries as given. Between two batches it is kept only if the
   * second is emitted after the first has resolved.
   * @throws AppError UNAVAILABLE: some of it may have been sent; emitting again is harmless.
   */
  emit(batch: Emission): Promise<void>
}

export interface Emission {
  readonly replies: readonly ReplyOut[]
  readonly deliveries: readonly DeliveryOut[]
  /** Records of gochat.tasks (`taskRecord`): they travel in the same send. */
  readonly tasks?: readonly TransportRecord[]
}

/** Goes to the gateway that asked, whether or not the user has a route. */
export interface ReplyOut extends Place {
  readonly connection: number
  readonly request: string
  /** An ack frame, UTF-8 JSON. */
  readonly payload: Uint8Array
}

export interface DeliveryOut {
  /** A frame as clients get it, UTF-8 JSON. */
  readonly payload: Uint8Array
  /** Who gets it. Deliveries that share one array share the work of finding their sockets. */
  readonly userIds: readonly string[]
  /** Instead of userIds, for a large conversation: every live gateway gets it, and knows its own members. */
  readonly audience?: AudienceOut
  /** The socket that gets an ack instead. */
  readonly exceptConnection?: Place & { readonly connection: number }
}

/** The members of a large conversation that see this seq, as of a version of its members. */
export interface AudienceOut {
  readonly conversationId: string
  readonly seq: number
  readonly memberVersion: number
}

export interface EmitterOptions {
  readonly transport: Transport
  readonly routes: RouteReader
  readonly slots: SlotView
  readonly metrics: Metrics
}

export function createEmitter(options: EmitterOptions): Emitter {
  const { transport, routes, slots, metrics } = options
  const records = metrics.counter('gochat_delivery_records_total', 'Downstream records sent')
  const recipients = metrics.counter('gochat_delivery_sockets_total', 'Sockets that deliveries were addressed to')
  const blind = metrics.counter(
    'gochat_delivery_unrouted_total',
    'Batches sent to every gateway: routes were unreadable',
  )

  async function addressing(deliveries: readonly DeliveryOut[]): Promise<Addressing> {
    const users = new Set<string>()
    for (const userIds of new Set(deliveries.map((delivery) => delivery.userIds))) {
      for (const userId of userIds) users.add(userId)
    }
    if (users.size === 0) return addressBy(new Map(), slots)
    const found = await routes.read([...users])
    if (found === undefined) blind.inc()
    return addressBy(found, slots)
  }

  return {
    async emit({ replies, deliveries, tasks = [] }) {
      const outbox = createOutbox()
      for (const reply of replies) {
        if (!isDead(reply, slots)) outbox.reply(reply, reply)
      }
      const { addressesOf } = await addressing(deliveries)
      for (const { payload, userIds, audience, exceptConnection } of deliveries) {
        if (audience !== undefined) {
          for (const place of slots.live()) {
            outbox.audience(place, payload, audience, connectionAt(place, exceptConnection))
          }
          continue
        }
        for (const address of addressesOf(userIds, exceptConnection)) {
          recipients.inc(address.connections.length)
          outbox.delivery(address, payload, address.connections, address.userIds)
        }
      }
      const sending = outbox.records()
      records.inc(sending.length)
      if (sending.length + tasks.length > 0) await transport.send([...sending, ...tasks])
    },
  }
}

/** 0: none there. */
function connectionAt({ slot, epoch }: Place, connection: DeliveryOut['exceptConnection']): number {
  return connection?.slot === slot && connection.epoch === epoch ? connection.connection : 0
}

function isDead(place: Place, slots: SlotView): boolean {
  return place.epoch < (slots.epochOf(place.slot) ?? 0)
}
