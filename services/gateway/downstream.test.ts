import assert from 'node:assert/strict'
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { test } from 'node:test'
import type { RecordBatch } from '#infra/kafka/index.ts'
import { silentLogger, testMetrics } from '#infra/testing/index.ts'
import { DownstreamRecordSchema } from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import { createDownstream } from './downstream.ts'

const ack = { t: 'ack', id: '5', conversationId: '42', results: [] }

function setUp() {
  const events: string[] = []
  const downstream = createDownstream({
    hub: {
      reply: (connection) => void events.push(`reply ${connection}`),
      deliver: ({ connections, userIds }) => void events.push(`deliver ${[...connections, ...userIds].join()}`),
      flush: () => void events.push('flush'),
    },
    audiences: {
      deliver: (_payload, { conversationId, seq }) => void events.push(`entry ${conversationId}/${seq}`),
    },
    sessionWatch: { end: ({ userId, sessionIds }) => void events.push(`end ${userId}: ${sessionIds.join()}`) },
    onAnswer: (request, { id }) => void events.push(`answer ${request} ${id}`),
    isOwnEpoch: (epoch) => epoch === 50 || epoch === 60,
    onGap: () => void events.push('gap'),
    acks: { answered: () => undefined },
    log: silentLogger(),
    metrics: testMetrics(),
  })
  return { downstream, events }
}

function batch(offset: number, ...values: (MessageInitShape<typeof DownstreamRecordSchema> | Buffer)[]): RecordBatch {
  const records = values.map((value, index) => ({
    offset: offset + index,
    key: undefined,
    timestampMs: 0,
    headers: {},
    value: Buffer.isBuffer(value)
      ? value
      : Buffer.from(toBinary(DownstreamRecordSchema, create(DownstreamRecordSchema, value))),
  }))
  return { topic: 'gochat.downstream.3', partition: 0, records, highWatermark: offset + values.length, generation: 1 }
}

const payload = Buffer.from(JSON.stringify(ack))
const reply = (epoch: number, connection: number) => ({ epoch, replies: [{ connection, request: '5', payload }] })

test('example: a whole fetch is handed out, then written once; REST answers go to who waits', () => {
  const { downstream, events } = setUp()
  const delivery = { payload, connections: [1, 2], userIds: ['ann'] }
  downstream.take(batch(0, { ...reply(50, 0), deliveries: [delivery] }, reply(50, 7)))
  assert.deepEqual(events, ['answer 5 5', 'deliver 1,2,ann', 'reply 7', 'flush'])
})

test('an entry of a large conversation goes to its audience, in order with the rest', () => {
  const { downstream, events } = setUp()
  const entry = (seq: number) => ({ payload, audience: { conversationId: '7', seq, memberVersion: 1 } })
  downstream.take(batch(0, { epoch: 50, deliveries: [entry(1), { payload, userIds: ['ann'] }, entry(2)] }))
  assert.deepEqual(events, ['entry 7/1', 'deliver ann', 'entry 7/2', 'flush'])
})

test('own earlier epochs are taken, foreign ones and what cannot be read are not, and nothing behind them is lost', () => {
  const { downstream, events } = setUp()
  downstream.take(batch(0, reply(49, 1), Buffer.from('nonsense'), reply(50, 2), reply(60, 3), reply(61, 4)))
  assert.deepEqual(events, ['reply 2', 'reply 3', 'flush'])
})

test('an answer that is no JSON hurts nobody', () => {
  const { downstream, events } = setUp()
  downstream.take(
    batch(0, { epoch: 50, replies: [{ connection: 0, request: '5', payload: Buffer.from('{') }] }, reply(50, 2)),
  )
  assert.deepEqual(events, ['reply 2', 'flush'])
})

test('a jump in the offsets is a gap; a repeated fetch is none', () => {
  const { downstream, events } = setUp()
  downstream.take(batch(10, reply(50, 1), reply(50, 1)))
  downstream.take(batch(12, reply(50, 1)))
  downstream.take(batch(11, reply(50, 1)))
  assert.equal(events.includes('gap'), false)
  downstream.take(batch(14, reply(50, 1)))
  assert.equal(events.includes('gap'), true)
})

test('sessions that have ended are handed to who closes their sockets, unless the record is of somebody else', () => {
  const { downstream, events } = setUp()
  const revocations = [{ userId: '7', sessionIds: ['8', '9'], isSuspension: false }]
  downstream.take(batch(0, { epoch: 60, revocations }, { epoch: 55, revocations }))
  assert.deepEqual(events, ['end 7: 8,9', 'flush'])
})
