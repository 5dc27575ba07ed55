import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOwnership } from './ownership.ts'
import { createQueue } from './queue.ts'
import { takeBatch, withoutPartitions } from './take.ts'
import { recordOf } from './testing/records.ts'

function setUp(nextOffsets: number[], ...records: [partition: number, offset: number, commands?: number][]) {
  const queue = createQueue()
  for (const [partition, offset, commands] of records) queue.push(recordOf(partition, offset, commands))
  const ownership = createOwnership()
  ownership.assign(nextOffsets.map((_, partition) => partition))
  for (const [partition, nextOffset] of nextOffsets.entries()) {
    ownership.claim({ $typeName: 'gochat.message.v1.PartitionClaim', partition, epoch: 3, nextOffset })
  }
  const events: unknown[] = []
  const take = () =>
    takeBatch(queue, ownership, {
      onGap: (...gap) => void events.push(['gap', ...gap]),
      onHole: (...hole) => void events.push(['hole', ...hole]),
    })
  return { queue, ownership, events, take }
}

test('example: whole records of all partitions, and how far each partition moves', () => {
  const { take } = setUp([4, 0], [0, 4], [1, 0], [0, 5])
  const batch = take()
  assert.equal(batch?.isReplay, false)
  assert.deepEqual(
    [...(batch?.advances.values() ?? [])],
    [
      { partition: 0, epoch: 3, from: 4, to: 6 },
      { partition: 1, epoch: 3, from: 0, to: 1 },
    ],
  )
  assert.equal(take(), undefined)
})

test('a record is never split, and at most 1 000 commands go together', () => {
  const { take, ownership } = setUp([0], [0, 0, 600], [0, 1, 400], [0, 2, 1], [0, 3, 1200])
  const sizes = [0, 2, 3].map((nextOffset) => {
    ownership.get(0)!.nextOffset = nextOffset
    return take()?.commands
  })
  assert.deepEqual(sizes, [1000, 1, 1200])
})

test('a replay is taken apart from new records, and moves nothing', () => {
  const { take } = setUp([2, 0], [0, 0], [0, 1], [0, 2], [1, 0])
  const replay = take()
  assert.deepEqual([replay?.isReplay, replay?.records.length], [true, 2])
  assert.deepEqual(replay?.advances.get(0), { partition: 0, epoch: 3, from: 2, to: 2 })
  assert.deepEqual(take()?.records.length, 2)
})

test('a gap is read again; what comes again after a gap is a hole, and is passed', () => {
  const { queue, events, take } = setUp([2], [0, 5], [0, 6])
  assert.equal(take(), undefined)
  assert.equal(queue.commands, 0)
  queue.push(recordOf(0, 5))
  assert.deepEqual(take()?.advances.get(0), { partition: 0, epoch: 3, from: 2, to: 6 })
  assert.deepEqual(events, [
    ['gap', 0, 2],
    ['hole', 0, 2, 5],
  ])
})

test('a gap in the middle of a batch does not lose what comes before it', () => {
  const { events, take } = setUp([2], [0, 2], [0, 7])
  assert.equal(take()?.records.length, 1)
  assert.deepEqual(events, [['gap', 0, 3]])
})

test('records of a partition that is not owned are dropped', () => {
  const { queue, ownership, take } = setUp([0, 0], [0, 0], [1, 0])
  ownership.lose(0)
  assert.deepEqual(
    take()?.records.map(({ partition }) => partition),
    [1],
  )
  assert.equal(queue.commands, 0)
})

test('without the partitions that were lost, the rest of a batch stands', () => {
  const { take } = setUp([0, 0], [0, 0, 2], [1, 0, 3])
  const batch = withoutPartitions(take()!, [0])
  assert.deepEqual([batch.commands, [...batch.advances.keys()]], [3, [1]])
})
