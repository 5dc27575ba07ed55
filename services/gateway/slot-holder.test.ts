import assert from 'node:assert/strict'
import { test } from 'node:test'
import { downstreamTopic, topicSpecs } from '#delivery/topics.ts'
import { slotKey } from '#delivery/slots.ts'
import { createMemoryBus } from '#infra/kafka/index.ts'
import { silentLogger, waitFor } from '#infra/testing/index.ts'
import { holdSlot } from './slot-holder.ts'
import { testEtcd } from './testing/memory-gateway.ts'

async function setUp() {
  const etcd = testEtcd()
  const bus = createMemoryBus()
  await (await bus.admin()).ensureTopics(topicSpecs({ upstreamPartitions: 1, slots: 2, replicationFactor: 1 }))
  const producer = await bus.producer()
  const received: string[] = []
  const moves: string[] = []
  const stop = new AbortController()
  const holder = await holdSlot(
    {
      etcd,
      bus,
      slots: 2,
      instance: 'gateway-1',
      address: '-',
      log: silentLogger(),
      onRecords: ({ topic, records }) =>
        void received.push(...records.map(({ value }) => `${topic.at(-1)}:${value.toString()}`)),
      onMoved: () => void moves.push(`${holder.place.slot}`),
      onRejoined: () => undefined,
      onCrash: (error) => {
        throw error
      },
    },
    stop.signal,
  )
  const produce = (slot: number, text: string) =>
    producer.send([{ topic: downstreamTopic(slot), partition: 0, value: Buffer.from(text) }])
  return { etcd, holder, received, moves, stop, produce }
}

test('example: once held, what is produced to the slot is handed over', async () => {
  const { holder, received, produce } = await setUp()
  assert.deepEqual([holder.place.slot, holder.isHeld, holder.isReading], [0, true, true])
  await produce(0, 'hello')
  await produce(1, 'not mine')
  await waitFor(() => received.length > 0, { what: 'a record' })
  assert.deepEqual(received, ['0:hello'])
  await holder[Symbol.asyncDispose]()
})

test('a lost lease is taken anew: the same slot under a new epoch, the old epoch stays its own', async () => {
  const { etcd, holder, received, moves, produce } = await setUp()
  const before = holder.place.epoch
  etcd.expireAllLeases()
  assert.deepEqual([holder.isHeld, holder.place.epoch], [false, before])
  await waitFor(() => moves.length === 1, { what: 'a new hold' })
  assert.deepEqual([holder.place.slot, holder.isHeld], [0, true])
  assert.ok(holder.place.epoch > before)
  assert.deepEqual(
    [holder.isOwnEpoch(before), holder.isOwnEpoch(holder.place.epoch), holder.isOwnEpoch(1e9)],
    [true, true, false],
  )
  await produce(0, 'again')
  await waitFor(() => received.includes('0:again'), { what: 'a record' })
  await holder[Symbol.asyncDispose]()
})

test('a slot that another took meanwhile is left for a free one, with its epochs', async () => {
  const { etcd, holder, received, moves, produce } = await setUp()
  const before = holder.place.epoch
  etcd.setReachable(false)
  etcd.expireAllLeases()
  etcd.setReachable(true)
  await etcd.put(slotKey(0), 'another gateway')
  await waitFor(() => moves.length === 1, { what: 'a new hold' })
  assert.deepEqual([holder.place.slot, holder.isOwnEpoch(before)], [1, false])
  await produce(1, 'here')
  await waitFor(() => received.includes('1:here'), { what: 'a record' })
  await holder[Symbol.asyncDispose]()
})

test('stopping gives the slot back, also while a new lease is waited for', async () => {
  const { etcd, holder } = await setUp()
  await holder[Symbol.asyncDispose]()
  assert.deepEqual(await etcd.getPrefix('/gochat/slots/'), [])

  const second = await setUp()
  second.etcd.setReachable(false)
  second.etcd.expireAllLeases()
  await second.holder[Symbol.asyncDispose]()
})
