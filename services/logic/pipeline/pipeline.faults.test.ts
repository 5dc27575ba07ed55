import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '#infra/testing/index.ts'
import { add, read, send } from './testing/commands.ts'
import { unstorable } from './testing/memory-repo.ts'
import { answersOf, member, owner, resultsOf, room, startOne, stranger, textsOf } from './testing/scene.ts'

for (const fault of ['unavailable before', 'unavailable after', 'broken before', 'broken after'] as const) {
  test(`repo ${fault}: the same request goes again, and everything is stored and acked once`, async () => {
    const { cluster, process, repo } = startOne()
    repo.faults.push(fault, fault)
    cluster.produce([send(room, owner, 'a'), add(room, owner, 'add', [stranger]), read(room, member, 2)])
    await process.drain()
    cluster.produce([send(room, stranger, 'b')])
    await process.drain()
    assert.deepEqual(textsOf(cluster), ['a', 'added', 'b'])
    assert.deepEqual(answersOf(cluster), [
      ['a', 2],
      ['add', 3],
      ['b', 4],
    ])
    assert.ok(resultsOf(cluster).every((result) => result['duplicate'] === undefined))
    const [first, second] = repo.requests
    assert.deepEqual({ ...first, requestId: 0 }, { ...second, requestId: 0 })
  })
}

test('repo away: the queue waits, the consumer is paused when it is full, and all is done afterwards', async () => {
  const { cluster, process, repo } = startOne()
  await process.drain()
  repo.isDown = true
  for (let index = 0; index < 4200; index += 50) {
    cluster.produce(Array.from({ length: 50 }, (_, at) => send(room, owner, `m${index + at}`)))
  }
  process.fetch()
  await waitFor(() => process.paused.size === 2, { what: 'a pause' })
  repo.isDown = false
  await process.drain()
  assert.equal(process.paused.size, 0)
  assert.equal(textsOf(cluster).length, 4200)
  assert.ok(repo.requests.every((request) => (request.conversations[0]?.entries.length ?? 0) <= 1000))
})

test('the transport away: the next batch is stored, dispatches wait and keep their order, offsets are not committed', async () => {
  const { cluster, process, repo, committed } = startOne()
  cluster.isTransportDown = true
  cluster.produce([send(room, owner, 'a')])
  process.fetch()
  await waitFor(() => repo.requests.length === 1, { what: 'the first append' })
  cluster.produce([send(room, owner, 'b')])
  process.fetch()
  await waitFor(() => textsOf(cluster).length === 2, { what: 'the second append' })
  await process.pipeline.commit()
  assert.equal(committed.size, 0)
  cluster.isTransportDown = false
  await process.drain()
  assert.deepEqual(answersOf(cluster), [
    ['a', 2],
    ['b', 3],
  ])
  await process.pipeline.commit()
  assert.deepEqual([...committed.values()], [2])
})

test('poison: an undecodable record, a malformed and an unstorable command are given up, the rest goes on', async () => {
  const { cluster, process } = startOne()
  cluster.produceRaw(0, Buffer.from([0xff, 0xff, 0xff]))
  cluster.produceRaw(1, Buffer.from([0xff, 0xff, 0xff]))
  cluster.produce([
    send(room, owner, 'a'),
    send(room, owner, 'bad', unstorable),
    send(room, owner, 'not an id "'),
    send(room, owner, 'b'),
  ])
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'b'])
  assert.deepEqual(answersOf(cluster), [
    ['a', 2],
    ['bad', 'INVALID_ARGUMENT'],
    ['not an id "', 'INVALID_ARGUMENT'],
    ['b', 3],
  ])
  assert.deepEqual(cluster.poison.map(({ reason, index }) => `${reason} ${index}`).toSorted(), [
    'id 2',
    'rejected 1',
    'undecodable undefined',
    'undecodable undefined',
  ])
})

test('a command in a wrong partition is not applied: its conversation has another writer', async () => {
  const { cluster, process, logs } = startOne()
  cluster.produce([send(room, owner, 'a')])
  const [from, to] = logs[0]!.length > 0 ? [0, 1] : [1, 0]
  logs[to]!.push(logs[from]!.pop()!)
  await process.drain()
  assert.deepEqual(textsOf(cluster), [])
})
