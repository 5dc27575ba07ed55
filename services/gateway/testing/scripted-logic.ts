import { randomUUID } from 'node:crypto'
import { fromBinary } from '@bufbuild/protobuf'
import { createEmitter, type AudienceOut, type DeliveryOut } from '#delivery/emit.ts'
import type { RouteReader } from '#delivery/routes.ts'
import type { SlotView } from '#delivery/slot-view.ts'
import { topics } from '#delivery/topics.ts'
import type { Bus } from '#infra/kafka/index.ts'
import { testMetrics } from '#infra/testing/index.ts'
import { UpstreamRecordSchema, type Command } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'

/** Stands in for logic: numbers what is sent, acks it, and delivers it to the members that the test names. */
export interface ScriptedLogic extends AsyncDisposable {
  readonly commands: readonly Command[]
  /** One entry per record: how many commands it held. */
  readonly records: readonly number[]
  deliver(payload: object, userIds: readonly string[]): Promise<void>
  /** To the members of large conversations, all in one batch. */
  deliverLarge(...entries: readonly LargeEntry[]): Promise<void>
}

export interface LargeEntry extends AudienceOut {
  readonly exceptConnection?: DeliveryOut['exceptConnection']
}

export interface ScriptedLogicOptions {
  readonly bus: Bus
  readonly routes: RouteReader
  readonly slots: SlotView
  /** The conversations that exist; commands of others are left to whoever else reads the topic. */
  readonly conversationIds: readonly string[]
  readonly members: readonly string[]
}

export async function startScriptedLogic(options: ScriptedLogicOptions): Promise<ScriptedLogic> {
  const { bus, routes, slots, conversationIds, members } = options
  const commands: Command[] = []
  const records: number[] = []
  const seqs = new Map<string, number>()
  const emitter = createEmitter({ transport: await bus.producer(), routes, slots, metrics: testMetrics() })
  const consumer = await bus.consumer()
  let tail = Promise.resolve()

  const logic: ScriptedLogic = {
    commands,
    records,
    deliver: (payload, userIds) =>
      emitter.emit({ replies: [], deliveries: [{ payload: Buffer.from(JSON.stringify(payload)), userIds }] }),
    deliverLarge: (...entries) =>
      emitter.emit({
        replies: [],
        deliveries: entries.map(({ exceptConnection, ...audience }) => {
          const { conversationId, seq } = audience
          const message = { t: 'message', conversationId, seq, type: 'text', senderId: '1', body: {}, createdAt: 1 }
          const except = exceptConnection === undefined ? {} : { exceptConnection }
          return { payload: Buffer.from(JSON.stringify(message)), userIds: [], audience, ...except }
        }),
      }),
    async [Symbol.asyncDispose]() {
      await consumer.stop()
      await tail
    },
  }

  function take(value: Buffer): void {
    const known = fromBinary(UpstreamRecordSchema, value).commands.filter((command) =>
      conversationIds.includes(command.conversationId),
    )
    if (known.length === 0) return
    commands.push(...known)
    records.push(known.length)
    const sends = known.filter(({ replyTo }) => replyTo !== undefined).map(applied)
    const batch = {
      replies: sends.map(({ reply }) => reply),
      deliveries: sends.flatMap(({ delivery }) => delivery),
    }
    tail = tail.then(() => emitter.emit(batch))
  }

  function applied({ id, conversationId, actorId, replyTo, body }: Command) {
    const seq = (seqs.get(conversationId) ?? 0) + 1
    seqs.set(conversationId, seq)
    const { slot = 0, epoch = 0, connection = 0, request = '' } = replyTo ?? {}
    const isSend = body.case === 'send'
    const result = isSend
      ? { clientMessageId: id, seq, createdAt: seq * 1000 }
      : { commandId: id, outcome: 'applied', seq }
    const ack = { t: 'ack', id: request, conversationId, results: [result] }
    const message = {
      t: 'message',
      conversationId,
      seq,
      type: isSend ? body.value.type : body.case,
      senderId: actorId,
      ...(isSend ? { clientMessageId: id, body: JSON.parse(Buffer.from(body.value.body).toString()) } : { body: {} }),
      createdAt: seq * 1000,
    }
    return {
      reply: { slot, epoch, connection, request, payload: Buffer.from(JSON.stringify(ack)) },
      delivery: [
        {
          payload: Buffer.from(JSON.stringify(message)),
          userIds: members,
          exceptConnection: { slot, epoch, connection },
        },
      ],
    }
  }

  await consumer.run({
    groupId: `scripted-logic-${randomUUID()}`,
    topics: [topics.upstream],
    startAt: 'end',
    onRecords: (batch) => batch.records.forEach(({ value }) => take(value)),
    onAssigned: () => undefined,
    onCrash: (error) => {
      throw error
    },
  })
  return logic
}
