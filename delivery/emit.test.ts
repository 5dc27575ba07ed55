import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { testMetrics } from '#infra/testing/index.ts'
import { DownstreamRecordSchema } from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import { createEmitter, type Emission } from './emit.ts'
import type { Route } from './route.ts'
import { staticSlots } from './slot-view.ts'
import { taskRecord } from './tasks.ts'
import { memoryTransport } from './transport.ts'

const hello = Buffer.from('{"t":"message"}')
const ack = Buffer.from('{"t":"ack"}')

function setUp(routes: Record<string, Route[]> | undefined) {
  const transport = memoryTransport()
  const slots = staticSlots([
    { slot: 1, epoch: 100 },
    { slot: 2, epoch: 200 },
  ])
  const reads: string[][] = []
  const reader = {
    async read(userIds: readonly string[]) {
      reads.push([...userIds])
      return routes === undefined ? undefined : new Map(Object.entries(routes))
    },
  }
  const emitter = createEmitter({ transport, routes: reader, slots, metrics: testMetrics() })
  return { emitter, transport, reads }
}

function sentTo(transport: ReturnType<typeof memoryTransport>) {
  return transport.sent.map(({ topic, value }) => {
    const { epoch, replies, deliveries } = fromBinary(DownstreamRecordSchema, value)
    return {
      topic,
      epoch,
      replies: replies.map(({ connection, request }) => `${connection}/${request}`),
      deliveries: deliveries.map(({ connections, userIds }) => [...connections, ...userIds]),
    }
  })
}

const ann = { slot: 1, epoch: 100, connection: 7 }
const bob = { slot: 2, epoch: 200, connection: 8 }

test('example: one record per gateway carries its replies and deliveries, and routes are read once for the batch', async () => {
  const { emitter, transport, reads } = setUp({ ann: [ann], bob: [bob, { ...ann, connection: 9 }] })
  const batch: Emission = {
    replies: [{ ...ann, request: 'f1', payload: ack }],
    deliveries: [
      { payload: hello, userIds: ['ann', 'bob'], exceptConnection: ann },
      { payload: hello, userIds: ['bob'] },
    ],
  }
  await emitter.emit(batch)
  assert.deepEqual(reads, [['ann', 'bob']])
  assert.deepEqual(sentTo(transport), [
    { topic: 'gochat.downstream.1', epoch: 100, replies: ['7/f1'], deliveries: [[9], [9]] },
    { topic: 'gochat.downstream.2', epoch: 200, replies: [], deliveries: [[8], [8]] },
  ])
})

test('a reply needs no route, and reaches a gateway that is not in the view', async () => {
  const { emitter, transport, reads } = setUp({})
  await emitter.emit({ replies: [{ slot: 5, epoch: 9, connection: 0, request: '17', payload: ack }], deliveries: [] })
  assert.deepEqual(reads, [])
  assert.deepEqual(sentTo(transport), [{ topic: 'gochat.downstream.5', epoch: 9, replies: ['0/17'], deliveries: [] }])
})

test('lower epochs than the known one are dead; the same and higher ones are not', async () => {
  const at = (epoch: number) => ({ slot: 1, epoch, connection: epoch })
  const { emitter, transport } = setUp({ ann: [at(99), at(100), at(101)] })
  await emitter.emit({
    replies: [{ ...at(99), request: 'f1', payload: ack }],
    deliveries: [{ payload: hello, userIds: ['ann'] }],
  })
  assert.deepEqual(
    sentTo(transport).map(({ epoch, deliveries }) => [epoch, deliveries]),
    [
      [100, [[100]]],
      [101, [[101]]],
    ],
  )
})

test('unreadable routes: every live gateway gets the user ids', async () => {
  const { emitter, transport } = setUp(undefined)
  await emitter.emit({ replies: [], deliveries: [{ payload: hello, userIds: ['ann', 'bob'], exceptConnection: ann }] })
  assert.deepEqual(
    sentTo(transport).map(({ topic, deliveries }) => [topic, deliveries]),
    [
      ['gochat.downstream.1', [['ann', 'bob']]],
      ['gochat.downstream.2', [['ann', 'bob']]],
    ],
  )
})

test('nobody there: nothing is sent', async () => {
  const { emitter, transport } = setUp({})
  await emitter.emit({ replies: [], deliveries: [{ payload: hello, userIds: ['ann'] }] })
  assert.deepEqual(transport.sent, [])
})

test('deliveries that share their members share the look-up, and the excepted socket stays excepted', async () => {
  const { emitter, transport } = setUp({ ann: [ann], bob: [{ ...ann, connection: 9 }] })
  const userIds = ['ann', 'bob']
  await emitter.emit({
    replies: [],
    deliveries: [
      { payload: hello, userIds, exceptConnection: ann },
      { payload: hello, userIds },
    ],
  })
  assert.deepEqual(sentTo(transport)[0]?.deliveries, [[9], [7, 9]])
})

test('what is too large for one record is split, in order, below the size that the broker takes', async () => {
  const { emitter, transport } = setUp({ ann: [ann] })
  const deliveries = Array.from({ length: 40 }, (_, index) => {
    return { payload: Buffer.alloc(60_000, index), userIds: ['ann'] }
  })
  await emitter.emit({ replies: [], deliveries })
  assert.equal(transport.sent.length, 3)
  const records = transport.sent.map(({ value }) => fromBinary(DownstreamRecordSchema, value))
  assert.deepEqual(
    records.flatMap((record) => record.deliveries.map(({ payload }) => payload[0])),
    deliveries.map((_, index) => index),
  )
  assert.ok(transport.sent.every(({ value }) => value.length < 1024 * 1024))
})

test('a transport that fails fails the batch, so that the caller can send it again', async () => {
  const { emitter, transport } = setUp({ ann: [ann] })
  transport.failWith(new Error('broker away'))
  await assert.rejects(emitter.emit({ replies: [], deliveries: [{ payload: hello, userIds: ['ann'] }] }), /broker away/)
})

test('an entry of a large conversation goes to every live gateway once, without a route, and names the socket that has its ack', async () => {
  const { emitter, transport, reads } = setUp({})
  const audience = { conversationId: '100', seq: 7, memberVersion: 3 }
  await emitter.emit({
    replies: [],
    deliveries: [{ payload: hello, userIds: [], audience, exceptConnection: { slot: 2, epoch: 200, connection: 8 } }],
  })
  assert.deepEqual(reads, [])
  const records = transport.sent.map(({ topic, value }) => {
    const { audience: sent } = fromBinary(DownstreamRecordSchema, value).deliveries[0]!
    return [topic, sent?.conversationId, sent?.seq, sent?.memberVersion, sent?.exceptConnection]
  })
  assert.deepEqual(records, [
    ['gochat.downstream.1', '100', 7, 3, 0],
    ['gochat.downstream.2', '100', 7, 3, 8],
  ])
})

test('tasks travel in the same send, behind the records of the gateways', async () => {
  const { emitter, transport } = setUp({ ann: [ann] })
  const task = taskRecord('100', { case: 'settleDue', value: { conversationId: '100', headSeq: 7 } })
  await emitter.emit({ replies: [], deliveries: [{ payload: hello, userIds: ['ann'] }], tasks: [task] })
  await emitter.emit({ replies: [], deliveries: [], tasks: [task] })
  assert.deepEqual(
    transport.sent.map(({ topic }) => topic),
    ['gochat.downstream.1', 'gochat.tasks', 'gochat.tasks'],
  )
})
