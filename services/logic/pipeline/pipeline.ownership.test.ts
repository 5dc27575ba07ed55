import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionOf } from '#delivery/partition.ts'
import { waitFor } from '#infra/testing/index.ts'
import { add, read, remove, send } from './testing/commands.ts'
import { answersOf, member, owner, pair, resultsOf, room, startOne, stranger, textsOf } from './testing/scene.ts'

test('a new owner answers and emits again what was done and not committed, and changes nothing', async () => {
  const { cluster, process, repo } = startOne()
  cluster.produce([send(room, owner, 'a'), send(room, stranger, 'refused'), read(room, member, 1)])
  await process.drain()
  process.kill()
  cluster.produce([send(room, owner, 'b')])
  const next = cluster.start()
  next.assign([0, 1])
  await next.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'b'])
  assert.deepEqual(answersOf(cluster).slice(2), [
    ['a', 2],
    // What it was told before is not known any more; asked again it will be told again.
    ['refused', 'UNAVAILABLE'],
    ['b', 3],
  ])
  assert.equal(repo.requests.length, 3)
})

test('a former owner that goes on can write nothing, and claims again only what is still assigned to it', async () => {
  const { cluster, process: first } = startOne()
  cluster.produce([send(room, owner, 'a')])
  await first.drain()
  const second = cluster.start()
  second.assign([0, 1])
  await second.drain()
  cluster.produce([send(room, owner, 'b')])
  first.fetch()
  await first.settle()
  assert.deepEqual(textsOf(cluster), ['a'])
  assert.equal(first.paused.size, 1)
  first.assign([])
  await second.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'b'])
})

test('a partition that comes back: what another owner did meanwhile counts, and nobody is authorized from before', async () => {
  const { cluster, process: first } = startOne()
  cluster.produce([send(room, member, 'a')])
  await first.drain()
  await first.pipeline.commit()
  first.assign([])
  const second = cluster.start()
  second.assign([0, 1])
  cluster.produce([remove(room, owner, 'kick', [member])])
  await second.drain()
  await second.pipeline.commit()
  second.assign([])
  first.assign([0, 1])
  cluster.produce([send(room, member, 'b')])
  await first.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'removed'])
  assert.deepEqual(answersOf(cluster).at(-1), ['b', 'CONVERSATION_NOT_FOUND'])
})

test('fenced by a process that had lost the partition already: it is claimed again', async () => {
  const { cluster, process, repo } = startOne()
  await process.drain()
  await repo.claim(
    [0, 1].map((partition) => ({
      $typeName: 'gochat.message.v1.PartitionBounds',
      partition,
      logStart: 0,
      logEnd: 9,
    })),
  )
  cluster.produce([send(room, owner, 'a')])
  process.fetch()
  await waitFor(() => process.paused.size === 1, { what: 'the fence' })
  await waitFor(() => process.paused.size === 0, { what: 'the new claim' })
  await process.drain()
  assert.deepEqual(answersOf(cluster), [['a', 2]])
})

test('a partition lost while the answer was lost too: what was stored is acked as it is stored', async () => {
  const { cluster, process, repo, logs } = startOne()
  await process.drain()
  const release = repo.hold()
  repo.faults.push('broken after')
  for (const [index, conversationId] of [room, pair].entries())
    cluster.produce([send(conversationId, owner, `m${index}`)])
  assert.ok(
    logs.every((log) => log.length === 1),
    'both partitions take part',
  )
  process.fetch()
  await waitFor(() => repo.requests.length === 1, { what: 'the append' })
  release()
  await waitFor(() => textsOf(cluster, pair).length === 1, { what: 'the commit' })
  await repo.claim([{ $typeName: 'gochat.message.v1.PartitionBounds', partition: 0, logStart: 0, logEnd: 9 }])
  await process.settle()
  const [stored] = [...repo.conversations.values()].filter(({ id }) => partitionOf(id, 2) === 1)
  const [result] = resultsOf(cluster)
  assert.deepEqual([result?.['seq'], result?.['createdAt']], [2, stored?.entries[1]?.createdAtMs])
})

test('records above the next offset are read again from there', async () => {
  const { cluster, process, committed, logs } = startOne()
  cluster.produce([send(room, owner, 'a')])
  cluster.produce([send(room, owner, 'b')])
  committed.set(logs[0]!.length > 0 ? 0 : 1, 1)
  process.assign([0, 1])
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'b'])
})

test('a retryable error fails the rest of its frame, and the whole frame can be sent again later', async () => {
  const { cluster, process, logs } = startOne()
  const nowMs = Date.now()
  const frame = (...ids: string[]) => ids.map((id) => send(room, stranger, id, id, { request: 'frame' }))
  cluster.produce(frame('a'), nowMs)
  await process.drain()
  // Refused before; now it may. The replay of 'a' fails retryably, so 'b' and 'c' must not overtake it.
  cluster.produce([add(room, owner, 'add', [stranger])], nowMs)
  await process.drain()
  cluster.produce(frame('b', 'c'), nowMs)
  process.assign([0, 1])
  await process.drain()
  cluster.produce(frame('a', 'b', 'c'), nowMs + 5000)
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['added', 'a', 'b', 'c'])
  assert.deepEqual(answersOf(cluster).slice(2), [
    ['a', 'UNAVAILABLE'],
    ['add', 2],
    ['b', 'PRECEDING_FAILED'],
    ['c', 'PRECEDING_FAILED'],
    ['a', 3],
    ['b', 4],
    ['c', 5],
  ])
  assert.ok(logs.length > 0)
})

test('an assignment during an append: the queue is emptied, the append ends, its answers go out, nothing is done twice', async () => {
  const { cluster, process, repo } = startOne()
  await process.drain()
  const release = repo.hold()
  cluster.produce([send(room, owner, 'a')])
  process.fetch()
  await waitFor(() => repo.requests.length === 1, { what: 'an append in flight' })
  cluster.produce([send(room, owner, 'b')])
  process.fetch()
  process.assign([0, 1])
  release()
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'b'])
  assert.deepEqual(answersOf(cluster), [
    ['a', 2],
    ['a', 2],
    ['b', 3],
  ])
})
