import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, leave, send } from './testing/commands.ts'
import { admin, answersOf, member, owner, resultsOf, room, startOne, stranger, textsOf } from './testing/scene.ts'

test('the same id again gets the stored answer and emits the stored entry, in a later batch', async () => {
  const { cluster, process, deliveries } = startOne()
  cluster.produce([send(room, owner, 'a'), add(room, owner, 'add', [stranger])])
  await process.drain()
  cluster.produce([send(room, owner, 'a'), send(room, owner, 'b'), add(room, owner, 'add', [stranger])])
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'added', 'b'])
  const [a, added, aAgain, b, addedAgain] = resultsOf(cluster)
  assert.deepEqual(aAgain, { ...a, duplicate: true })
  assert.deepEqual(addedAgain, added)
  assert.equal(b?.['seq'], 4)
  assert.deepEqual(
    deliveries.map(({ frame }) => frame['seq']),
    [2, 3, 2, 4, 3],
  )
  assert.ok(!deliveries[2]?.userIds.includes(stranger), 'who joined later does not see it')
})

test('the same id again inside one batch is collapsed', async () => {
  const { cluster, process, repo } = startOne()
  cluster.produce([send(room, owner, 'a'), send(room, owner, 'a'), send(room, member, 'a')])
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'a'])
  assert.deepEqual(
    resultsOf(cluster).map(({ seq, duplicate }) => [seq, duplicate]),
    [
      [2, undefined],
      [2, true],
      [3, undefined],
    ],
  )
  assert.equal(repo.requests.length, 1)
})

test('the same id again with other content is a conflict, in the batch and later', async () => {
  const { cluster, process } = startOne()
  cluster.produce([send(room, owner, 'a', 'one'), send(room, owner, 'a', 'two')])
  await process.drain()
  cluster.produce([send(room, owner, 'a', 'three')])
  await process.drain()
  assert.deepEqual(answersOf(cluster), [
    ['a', 2],
    ['a', 'IDEMPOTENCY_CONFLICT'],
    ['a', 'IDEMPOTENCY_CONFLICT'],
  ])
})

test('the same id again of a refused command gets the refusal that was stored, though it would be allowed now', async () => {
  const { cluster, process } = startOne()
  cluster.produce([add(room, owner, 'x', ['77'])])
  await process.drain()
  cluster.repo.users.add('77')
  cluster.produce([add(room, owner, 'x', ['77']), add(room, owner, 'y', ['77'])])
  await process.drain()
  assert.deepEqual(answersOf(cluster), [
    ['x', 'USER_NOT_FOUND'],
    ['x', 'USER_NOT_FOUND'],
    ['y', 2],
  ])
})

test('the same id again of who left since gets the old answer, not a refusal', async () => {
  const { cluster, process } = startOne()
  cluster.produce([send(room, member, 'a'), leave(room, member, 'bye')])
  await process.drain()
  cluster.produce([send(room, member, 'a'), send(room, member, 'b'), leave(room, member, 'bye')])
  await process.drain()
  assert.deepEqual(answersOf(cluster).slice(2), [
    ['a', 2],
    ['b', 'CONVERSATION_NOT_FOUND'],
    ['bye', 3],
  ])
})

test('a stored entry is emitted again to who was a member then and is now, and who went with it: not to who came since', async () => {
  const { cluster, process } = startOne()
  cluster.produce([leave(room, member, 'bye'), add(room, owner, 'add', [stranger])])
  await process.drain()
  cluster.deliveries.length = 0
  cluster.produce([leave(room, member, 'bye')])
  await process.drain()
  assert.deepEqual(
    cluster.deliveries.map(({ frame, userIds }) => [frame['seq'], userIds]),
    [[2, [owner, admin, member]]],
  )
})
