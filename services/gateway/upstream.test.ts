import assert from 'node:assert/strict'
import { fromBinary } from '@bufbuild/protobuf'
import { test } from 'node:test'
import { partitionOf } from '#delivery/partition.ts'
import { AppError } from '#infra/errors/index.ts'
import type { ProducedRecord } from '#infra/kafka/index.ts'
import { silentLogger, testMetrics, waitFor } from '#infra/testing/index.ts'
import { UpstreamRecordSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type { Answer, NewCommand, ReplyAddress } from './ports.ts'
import { createUpstream } from './upstream.ts'

function setUp(send: (records: readonly ProducedRecord[]) => Promise<void>) {
  const refused: [ReplyAddress, Answer][] = []
  const upstream = createUpstream({
    producer: { send: (records) => send(records).then(() => []) },
    partitions: 8,
    minGapMs: 4,
    eagerAt: 32,
    place: () => ({ slot: 3, epoch: 50 }),
    onRefused: (replyTo, answer) => void refused.push([replyTo, answer]),
    acks: { sent: () => undefined },
    log: silentLogger(),
    metrics: testMetrics(),
  })
  return { upstream, refused }
}

function say(id: string, conversationId = '42', bytes = 20): NewCommand {
  const value = { type: 'text', body: Buffer.from(JSON.stringify({ text: 'x'.repeat(bytes) })) }
  return { id, conversationId, actorId: '7', body: { case: 'send', value } }
}

test('example: one record per partition and flush, in order, each command with where its answer goes', async () => {
  const records: ProducedRecord[] = []
  const { upstream } = setUp(async (sent) => void records.push(...sent))
  upstream.submit([say('m1'), say('m2')], { connection: 9, request: 'f1' })
  upstream.submit([say('m3', '1')], { connection: 9, request: 'f2' })
  upstream.submit([{ ...say(''), body: { case: 'typing', value: {} } }])
  await waitFor(() => records.length > 0, { what: 'a flush' })
  assert.deepEqual(
    records.map(({ topic, partition, value }) => {
      const { commands } = fromBinary(UpstreamRecordSchema, value)
      return [
        topic,
        partition,
        commands.map(({ id, replyTo }) => [id, replyTo?.slot, replyTo?.epoch, replyTo?.request]),
      ]
    }),
    [
      [
        'gochat.upstream',
        partitionOf('42', 8),
        [
          ['m1', 3, 50, 'f1'],
          ['m2', 3, 50, 'f1'],
          ['', undefined, undefined, undefined],
        ],
      ],
      ['gochat.upstream', partitionOf('1', 8), [['m3', 3, 50, 'f2']]],
    ],
  )
})

test('a frame is never torn apart: its commands share a record, and a record stays near 128 KiB', async () => {
  const records: ProducedRecord[] = []
  const { upstream } = setUp(async (sent) => void records.push(...sent))
  for (let frame = 0; frame < 8; frame += 1) {
    upstream.submit(Array.from({ length: 5 }, (_, index) => say(`m${frame}.${index}`, '42', 10_000)))
  }
  await waitFor(() => records.length >= 4, { what: 'four records' })
  const ids = records.map(({ value }) => fromBinary(UpstreamRecordSchema, value).commands.map(({ id }) => id))
  assert.deepEqual(
    ids.map((list) => list.length),
    [10, 10, 10, 10],
  )
  assert.ok(records.every(({ value }) => value.length <= 128 * 1024))
})

test('what could not be produced is refused, message by message, as logic would refuse it', async () => {
  const { upstream, refused } = setUp(() => Promise.reject(new AppError('UNAVAILABLE')))
  upstream.submit([say('m1'), say('m2')], { connection: 9, request: 'f1' })
  upstream.submit([{ ...say('c1'), body: { case: 'leave', value: {} } }], { connection: 0, request: '1' })
  upstream.submit([{ ...say(''), body: { case: 'typing', value: {} } }])
  await waitFor(() => refused.length === 2, { what: 'refusals' })
  assert.deepEqual(
    refused.map(([to, { id, results }]) => [
      to.connection,
      id,
      results.map((r) => [r.clientMessageId ?? r.commandId, r.error?.code]),
    ]),
    [
      [
        9,
        'f1',
        [
          ['m1', 'UNAVAILABLE'],
          ['m2', 'UNAVAILABLE'],
        ],
      ],
      [0, '1', [['c1', 'UNAVAILABLE']]],
    ],
  )
})

test('a full lane takes nothing, and after close neither', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { upstream } = setUp(() => promise)
  let taken = 0
  while (upstream.submit([say('m', '42', 1_000_000)])) taken += 1
  assert.equal(taken, 16)
  resolve()
  await upstream.close(1000)
  assert.equal(upstream.submit([say('m')]), false)
})
