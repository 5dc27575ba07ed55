import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricValue } from '#infra/testing/index.ts'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Cluster } from './testing/cluster.ts'
import { add, leave, read, remove, send, typing } from './testing/commands.ts'
import { admin, answersOf, member, owner, pair, room, startOne, stranger, textsOf } from './testing/scene.ts'

/** The group of three is over the threshold; its first append makes it large. */
async function startLarge() {
  const one = startOne()
  one.cluster.threshold = 2
  one.cluster.produce([send(room, owner, 'first')])
  await one.process.drain()
  for (const seen of [one.replies, one.deliveries, one.audiences, one.settleDues, one.repo.requests, one.repo.wishes]) {
    seen.length = 0
  }
  return one
}

/** To whom, joinSeq, leaveSeq. */
function membershipsIn({ deliveries }: Cluster): unknown[] {
  return deliveries
    .filter(({ frame }) => frame['t'] === 'membership')
    .map(({ frame, userIds }) => [userIds, frame['joinSeq'] ?? 'left', frame['leaveSeq'] ?? 'in'])
}

function classesOf({ repo }: Cluster): DeliveryClass[] {
  return repo.requests.flatMap(({ conversations }) => conversations.map(({ deliveryClass }) => deliveryClass))
}

test('example: an entry goes to the audience of its seq, once, and its members are to be settled', async () => {
  const { cluster, process, audiences, deliveries, settleDues } = await startLarge()
  cluster.produce([send(room, owner, 'a'), send(room, member, 'b')])
  cluster.produce([send(pair, owner, 'c')])
  await process.drain()
  assert.deepEqual(audiences, [
    { conversationId: room, seq: 3, memberVersion: 0 },
    { conversationId: room, seq: 4, memberVersion: 0 },
  ])
  assert.deepEqual(
    deliveries.map(({ frame, userIds }) => [frame['seq'], userIds]),
    [
      [3, [owner, admin, member]],
      [4, [owner, admin, member]],
      [2, [owner, member]],
    ],
  )
  assert.deepEqual(
    settleDues.map(({ conversationId, headSeq }) => [conversationId, headSeq]),
    [[room, 4]],
  )
})

test('the class holds for a whole batch, and is written once, with the first thing that is kept', async () => {
  const { cluster, process, repo, deliveries } = startOne()
  cluster.threshold = 3
  cluster.produce([add(room, owner, 'add', [stranger]), send(room, owner, 'a')])
  await process.drain()
  cluster.produce([read(room, member, 2)])
  await process.drain()
  assert.deepEqual(classesOf(cluster), [DeliveryClass.UNSPECIFIED, DeliveryClass.UNSPECIFIED])
  assert.equal(repo.conversations.get(room)?.isLarge, false)
  assert.deepEqual(deliveries.at(-1)?.userIds, [member], 'a read follows the class that it does not write')
  for (const id of ['b', 'c']) {
    cluster.produce([send(room, owner, id)])
    await process.drain()
  }
  assert.deepEqual(classesOf(cluster).slice(2), [DeliveryClass.LARGE, DeliveryClass.UNSPECIFIED])
  assert.equal(cluster.audiences.length, 2)
})

test('who comes and goes does so without an entry: answered, told to their own devices, in place between the entries', async () => {
  const { cluster, process, audiences, deliveries } = await startLarge()
  cluster.produce([
    send(room, owner, 'a'),
    add(room, admin, 'add', [stranger]),
    send(room, stranger, 'b'),
    leave(room, member, 'bye'),
    send(room, member, 'too-late'),
    send(room, owner, 'c'),
  ])
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['first', 'a', 'b', 'c'])
  assert.deepEqual(answersOf(cluster), [
    ['a', 3],
    ['add', 'applied'],
    ['b', 4],
    ['bye', 'applied'],
    ['too-late', 'CONVERSATION_NOT_FOUND'],
    ['c', 5],
  ])
  assert.deepEqual(membershipsIn(cluster), [
    [[stranger], 3, 'in'],
    [[member], 'left', 4],
  ])
  assert.deepEqual(
    audiences.map(({ memberVersion }) => memberVersion),
    [0, 1, 2],
  )
  assert.deepEqual(deliveries.find(({ frame }) => frame['seq'] === 4)?.userIds, [owner, admin, member, stranger])
  assert.deepEqual(deliveries.find(({ frame }) => frame['seq'] === 5)?.userIds, [owner, admin, stranger])
})

test('a removal is an entry, seen by whom it removes', async () => {
  const { cluster, process, audiences, deliveries } = await startLarge()
  cluster.produce([remove(room, owner, 'out', [member]), send(room, owner, 'a')])
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['first', 'removed', 'a'])
  assert.deepEqual(
    audiences.map(({ seq, memberVersion }) => [seq, memberVersion]),
    [
      [3, 1],
      [4, 1],
    ],
  )
  assert.deepEqual(
    deliveries.map(({ userIds }) => userIds.includes(member)),
    [true, false],
  )
  assert.deepEqual(membershipsIn(cluster), [])
})

test('a quiet command again is answered again, and tells where its users are now', async () => {
  const { cluster, process } = await startLarge()
  cluster.produce([
    add(room, owner, 'add', [stranger]),
    add(room, owner, 'add', [stranger]),
    leave(room, member, 'bye'),
  ])
  await process.drain()
  process.kill()
  cluster.deliveries.length = 0
  const next = cluster.start()
  next.assign([0, 1])
  await next.drain()
  cluster.produce([leave(room, stranger, 'bye'), add(room, owner, 'add', [stranger])])
  await next.drain()
  assert.deepEqual(answersOf(cluster), [
    ['add', 'applied'],
    ['add', 'applied'],
    ['bye', 'applied'],
    // The replay.
    ['first', 2],
    ['add', 'applied'],
    ['add', 'applied'],
    ['bye', 'applied'],
    ['bye', 'applied'],
    ['add', 'applied'],
  ])
  assert.deepEqual(membershipsIn(cluster), [
    [[stranger], 2, 'in'],
    [[stranger], 2, 'in'],
    [[member], 'left', 2],
    [[stranger], 'left', 2],
    [[stranger], 'left', 2],
  ])
})

test('an answer that was lost: quiet changes are confirmed by what is stored', async () => {
  const { cluster, process, repo } = await startLarge()
  repo.faults.push('broken after')
  cluster.produce([add(room, owner, 'add', [stranger])])
  await process.drain()
  cluster.produce([send(room, stranger, 'a')])
  await process.drain()
  assert.deepEqual(answersOf(cluster), [
    ['add', 'applied'],
    ['a', 3],
  ])
  assert.equal(cluster.audiences.at(-1)?.memberVersion, 1)
  assert.deepEqual(repo.wishes, [], 'what is held is still right')
})

test('nobody hears who is typing, and a read is told to the own devices of the reader only', async () => {
  const { cluster, process, deliveries } = await startLarge()
  cluster.produce([typing(room, member), read(room, member, 2)])
  await process.drain()
  assert.deepEqual(
    deliveries.map(({ frame, userIds }) => [frame['t'], userIds]),
    [['read', [member]]],
  )
})

test('only those whom commands name are loaded, members or not, and each once', async () => {
  const { cluster, repo } = await startLarge()
  const next = cluster.start()
  next.assign([0, 1])
  await next.drain()
  repo.wishes.length = 0
  for (const id of ['a', 'b']) {
    cluster.produce([send(room, owner, id), send(room, stranger, id), add(room, owner, `add-${id}`, ['77'])])
    await next.drain()
  }
  assert.deepEqual(
    repo.wishes.map(({ userIds, isWhole }) => [userIds, isWhole]),
    [[[owner, stranger, '77'], false]],
  )
  cluster.produce([send(room, admin, 'c'), remove(room, owner, 'out', [member])])
  await next.drain()
  assert.deepEqual(
    repo.wishes.slice(1).map(({ userIds }) => userIds),
    [[admin, owner, member]],
  )
  cluster.produce([send(room, owner, 'd'), send(room, member, 'too-late'), send(room, stranger, 'd')])
  await next.drain()
  assert.equal(repo.wishes.length, 2)
  assert.deepEqual(cluster.repo.conversations.get(room)?.entries.at(-1)?.clientMessageId, 'd')
})

test('direct again, well below the threshold: all members are loaded once, and get what is sent', async () => {
  const { cluster, repo } = await startLarge()
  const next = cluster.start()
  next.assign([0, 1])
  await next.drain()
  cluster.threshold = 3
  cluster.produce([send(room, owner, 'a')])
  await next.drain()
  assert.ok(!repo.wishes.some(({ isWhole }) => isWhole))
  cluster.threshold = 4
  cluster.produce([add(room, owner, 'add', [stranger]), send(room, owner, 'b')])
  await next.drain()
  cluster.produce([send(room, owner, 'c')])
  await next.drain()
  assert.equal(repo.wishes.filter(({ isWhole }) => isWhole).length, 1)
  assert.deepEqual(textsOf(cluster), ['first', 'a', 'added', 'b', 'c'])
  assert.equal(classesOf(cluster).filter((written) => written === DeliveryClass.DIRECT).length, 1)
  assert.deepEqual(
    cluster.deliveries.slice(-3).map(({ userIds }) => userIds.toSorted()),
    [
      [owner, admin, member, stranger],
      [owner, admin, member, stranger],
      [owner, admin, member, stranger],
    ],
  )
  assert.deepEqual(cluster.audiences.at(-1)?.seq, 3)
})

test('what is not held and turns direct is loaded as a whole before it is decided', async () => {
  const { cluster, process, repo } = await startLarge()
  process.kill()
  cluster.threshold = 500
  cluster.committed.set(0, cluster.logs[0]!.length).set(1, cluster.logs[1]!.length)
  const next = cluster.start()
  next.assign([0, 1])
  cluster.produce([send(room, owner, 'a')])
  await next.drain()
  assert.deepEqual(
    repo.wishes.map(({ userIds, isWhole }) => [userIds, isWhole]),
    [
      [[owner], false],
      [[owner], true],
    ],
  )
  assert.deepEqual(cluster.deliveries.at(-1)?.userIds, [owner, admin, member])
})

test('frames are counted by class: while only large conversations are active the direct ones stand still', async () => {
  const { cluster, process } = await startLarge()
  const count = async (name: string) =>
    (await metricValue(process.metrics, 'gochat_dispatch_total', { class: name })) ?? 0
  const before = await count('large')
  cluster.produce([
    send(room, owner, 'a'),
    read(room, member, 2),
    add(room, owner, 'add', [stranger]),
    typing(room, admin),
  ])
  cluster.produce([send(room, owner, 'a'), leave(room, stranger, 'bye'), remove(room, owner, 'out', [member])])
  await process.drain()
  // One message, one read, two places, one removal.
  assert.deepEqual([(await count('large')) - before, await count('direct')], [5, 0])
  cluster.produce([send(pair, owner, 'b')])
  await process.drain()
  assert.equal(await count('direct'), 1)
})
