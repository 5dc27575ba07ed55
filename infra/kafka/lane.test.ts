import assert from 'node:assert/strict'
import { nextTick } from 'node:process'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { AppError } from '../errors/index.ts'
import type { ProducedRecord } from './bus.ts'
import { createLane, type LaneOptions } from './lane.ts'

interface Item {
  readonly id: number
  readonly partition: number
  readonly bytes: number
}

function item(id: number, { partition = 0, bytes = 1 } = {}): Item {
  return { id, partition, bytes }
}

/** A lane whose sends end when the test says so. Records are lists of ids. */
function setUp(options: Partial<LaneOptions<Item>> = {}) {
  const sends: { partition: number; ids: number[] }[][] = []
  const settle: { done: () => Promise<void>; fail: (error: Error) => Promise<void> }[] = []
  const flushed: number[][] = []
  const failed: { ids: number[]; error: AppError }[] = []
  const lane = createLane<Item>({
    topic: 'gochat.upstream',
    partitionOf: ({ partition }) => partition,
    sizeOf: ({ bytes }) => bytes,
    encode: (items) => Buffer.from(JSON.stringify(items.map(({ id }) => id))),
    onFlushed: (items) => flushed.push(items.map(({ id }) => id)),
    onFailed: (items, error) => failed.push({ ids: items.map(({ id }) => id), error }),
    now: Date.now,
    send(records: readonly ProducedRecord[]) {
      sends.push(records.map(({ partition, value }) => ({ partition, ids: JSON.parse(value.toString()) as number[] })))
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      settle.push({
        done: () => (resolve(), microtasks()),
        fail: (error) => (reject(error), microtasks()),
      })
      return promise
    },
    ...options,
  })
  return { lane, sends, settle, flushed, failed }
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => nextTick(resolve))
}

const tick = (ms: number) => mock.timers.tick(ms)

describe('lane', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setImmediate', 'Date'], now: 1_000_000 }))
  afterEach(() => mock.timers.reset())

  it('example: what is pushed in one turn of the event loop goes out in one send, one record per partition', async () => {
    const { lane, sends, settle, flushed } = setUp()
    assert.equal(lane.push(item(1)), true)
    lane.push(item(2, { partition: 3 }))
    lane.push(item(3))
    assert.deepEqual(sends, [])
    tick(0)
    assert.deepEqual(sends, [
      [
        { partition: 0, ids: [1, 3] },
        { partition: 3, ids: [2] },
      ],
    ])
    assert.deepEqual(flushed, [])
    await settle[0]?.done()
    assert.deepEqual(flushed, [[1, 2, 3]])
    assert.equal(lane.queuedBytes, 0)
  })

  it('has one send in flight: what comes meanwhile waits, then goes together', async () => {
    const { lane, sends, settle } = setUp()
    lane.push(item(1))
    tick(0)
    for (const id of [2, 3, 4]) {
      lane.push(item(id))
      tick(10)
    }
    assert.equal(sends.length, 1)
    await settle[0]?.done()
    tick(0)
    assert.deepEqual(sends[1], [{ partition: 0, ids: [2, 3, 4] }])
  })

  it('paces: an idle lane waits until minGapMs after the start of the last flush', async () => {
    const { lane, sends, settle } = setUp({ minGapMs: 4 })
    lane.push(item(1))
    tick(0)
    await settle[0]?.done()
    tick(1)
    lane.push(item(2))
    tick(2)
    lane.push(item(3))
    assert.equal(sends.length, 1)
    tick(1)
    assert.deepEqual(sends[1], [{ partition: 0, ids: [2, 3] }])
  })

  it('eagerAt waiting items lift the gap', async () => {
    const { lane, sends, settle } = setUp({ minGapMs: 1000, eagerAt: 3 })
    lane.push(item(0))
    tick(0)
    await settle[0]?.done()
    lane.push(item(1))
    lane.push(item(2))
    tick(10)
    assert.equal(sends.length, 1)
    lane.push(item(3))
    tick(0)
    assert.deepEqual(sends[1], [{ partition: 0, ids: [1, 2, 3] }])
  })

  it('takes at most maxItemsPerFlush, oldest first', async () => {
    const { lane, sends, settle } = setUp({ maxItemsPerFlush: 2, eagerAt: 1 })
    for (const id of [1, 2, 3, 4, 5]) lane.push(item(id))
    for (const index of [0, 1, 2]) {
      tick(0)
      await settle[index]?.done()
    }
    assert.deepEqual(
      sends.map((records) => records[0]?.ids),
      [[1, 2], [3, 4], [5]],
    )
  })

  it('splits a record before maxRecordBytes, in order within the partition; a larger item has a record of its own', async () => {
    const { lane, sends } = setUp({ maxRecordBytes: 100 })
    lane.push(item(1, { bytes: 60 }))
    lane.push(item(2, { bytes: 40 }))
    lane.push(item(3, { bytes: 1 }))
    lane.push(item(4, { bytes: 500 }))
    lane.push(item(5, { bytes: 1, partition: 1 }))
    lane.push(item(6, { bytes: 1 }))
    tick(0)
    const own = sends[0]?.filter(({ partition }) => partition === 0)
    assert.deepEqual(
      own?.map(({ ids }) => ids),
      [[1, 2], [3], [4], [6]],
    )
  })

  it('a failed flush goes back with its error, is not repeated, and is reported before anything later is sent', async () => {
    const { lane, sends, settle, flushed, failed } = setUp()
    lane.push(item(1))
    lane.push(item(2))
    tick(0)
    lane.push(item(3))
    tick(10)
    assert.equal(sends.length, 1)
    await settle[0]?.fail(new AppError('UNAVAILABLE'))
    assert.deepEqual(
      failed.map(({ ids, error }) => [ids, error.code, error.retryable]),
      [[[1, 2], 'UNAVAILABLE', true]],
    )
    assert.equal(sends.length, 1)
    tick(0)
    await settle[1]?.done()
    assert.deepEqual(sends[1], [{ partition: 0, ids: [3] }])
    assert.deepEqual(flushed, [[3]])
  })

  it('an encoder that throws fails the items of that flush, and the lane goes on', async () => {
    let isBroken = true
    const encode = () => {
      if (isBroken) throw new Error('broken')
      return Buffer.from('[2]')
    }
    const { lane, sends, failed } = setUp({ encode })
    lane.push(item(1))
    tick(0)
    await microtasks()
    assert.deepEqual(
      failed.map(({ ids, error }) => [ids, error.code]),
      [[[1], 'INTERNAL']],
    )
    isBroken = false
    lane.push(item(2))
    tick(8)
    assert.deepEqual(sends, [[{ partition: 0, ids: [2] }]])
  })

  it('is bounded by bytes, what is in flight included, and says so', async () => {
    const { lane, settle } = setUp({ maxQueuedBytes: 10 })
    assert.equal(lane.push(item(1, { bytes: 6 })), true)
    tick(0)
    assert.equal(lane.push(item(2, { bytes: 5 })), false)
    assert.equal(lane.push(item(3, { bytes: 4 })), true)
    assert.equal(lane.queuedBytes, 10)
    await settle[0]?.done()
    assert.equal(lane.queuedBytes, 4)
    assert.equal(lane.push(item(4, { bytes: 6 })), true)
  })

  it('close refuses new items, sends what waits without gaps, and resolves', async () => {
    const { lane, sends, settle, flushed } = setUp({ minGapMs: 1000, maxItemsPerFlush: 2 })
    lane.push(item(0))
    tick(0)
    for (const id of [1, 2, 3]) lane.push(item(id))
    const closed = lane.close()
    assert.equal(lane.push(item(4)), false)
    for (const index of [0, 1, 2]) {
      await settle[index]?.done()
      tick(0)
    }
    await closed
    assert.deepEqual(flushed, [[0], [1, 2], [3]])
    assert.equal(sends.length, 3)
  })

  it('close gives up after its timeout: in flight and waiting fail once, a late answer changes nothing', async () => {
    const { lane, settle, flushed, failed } = setUp()
    lane.push(item(1))
    tick(0)
    lane.push(item(2))
    const closed = lane.close(100)
    tick(100)
    await closed
    assert.deepEqual(
      failed.map(({ ids, error }) => [ids, error.code]),
      [[[1, 2], 'UNAVAILABLE']],
    )
    await settle[0]?.done()
    assert.deepEqual(flushed, [])
    assert.equal(failed.length, 1)
  })
})
