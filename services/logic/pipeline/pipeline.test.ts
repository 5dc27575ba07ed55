import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, announce, leave, read, remove, send, typing } from './testing/commands.ts'
import { admin, answersOf, member, owner, pair, room, setUp, startOne, stranger, textsOf } from './testing/scene.ts'

test('example: stored, then acked to the frame and delivered to the members', async () => {
  const { cluster, process, replies, deliveries } = startOne()
  cluster.produce([send(room, owner, 'a'), send(room, owner, 'b', 'b', { request: 'a' })])
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'b'])
  const createdAt = cluster.repo.conversations.get(room)?.entries[1]?.createdAtMs
  assert.deepEqual(replies, [
    {
      t: 'ack',
      id: 'a',
      conversationId: room,
      results: [
        { clientMessageId: 'a', seq: 2, createdAt },
        { clientMessageId: 'b', seq: 3, createdAt },
      ],
    },
  ])
  assert.deepEqual(deliveries[0], {
    frame: {
      t: 'message',
      conversationId: room,
      seq: 2,
      type: 'text',
      senderId: owner,
      clientMessageId: 'a',
      body: { text: 'a' },
      createdAt,
    },
    userIds: [owner, admin, member],
  })
})

test('all that waits goes into one transaction, with one look at the states', async () => {
  const { cluster, process, repo } = startOne()
  for (let index = 0; index < 40; index += 1) {
    cluster.produce([send(room, owner, `r${index}`)])
    cluster.produce([send(pair, member, `p${index}`)])
  }
  await process.drain()
  assert.equal(repo.requests.length, 1)
  assert.equal(textsOf(cluster).length + textsOf(cluster, pair).length, 80)
})

test('a batch begins a gap after the one before it; stopping does not wait for it', async () => {
  const cluster = setUp()
  const process = cluster.start({ batchGapMs: 60_000 })
  process.assign([0, 1])
  cluster.produce([send(room, owner, 'a')])
  await process.drain()
  cluster.produce([send(room, owner, 'b')])
  process.fetch()
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(process.pipeline.isIdle, false)
  await process.pipeline[Symbol.asyncDispose]()
  assert.deepEqual(textsOf(cluster), ['a'])
  // Not lost: nothing of it is committed.
  const next = cluster.start()
  next.assign([0, 1])
  await next.drain()
  assert.deepEqual(textsOf(cluster), ['a', 'b'])
})

test('what an earlier command of the batch changed counts for the later ones', async () => {
  const { cluster, process } = startOne()
  cluster.produce([
    send(room, stranger, 'too-early'),
    add(room, admin, 'add', [stranger]),
    send(room, stranger, 'in'),
    remove(room, admin, 'remove', [stranger]),
    send(room, stranger, 'too-late'),
    send(room, owner, 'last'),
  ])
  await process.drain()
  assert.deepEqual(textsOf(cluster), ['added', 'in', 'removed', 'last'])
  assert.deepEqual(answersOf(cluster), [
    ['too-early', 'CONVERSATION_NOT_FOUND'],
    ['add', 2],
    ['in', 3],
    ['remove', 4],
    ['too-late', 'CONVERSATION_NOT_FOUND'],
    ['last', 5],
  ])
  const recipients = cluster.deliveries.map(({ frame, userIds }) => [frame['seq'], userIds.includes(stranger)])
  assert.deepEqual(recipients, [
    [2, true],
    [3, true],
    [4, true],
    [5, false],
  ])
})

test('rules of membership: noop, unknown users, roles, direct conversations, an owner who stays', async () => {
  const { cluster, process } = startOne()
  cluster.produce([add(room, owner, 'again', [member]), add(room, member, 'not-allowed', [stranger])])
  cluster.produce([add(room, owner, 'nobody', ['77']), remove(room, admin, 'above', [owner])])
  cluster.produce([leave(room, owner, 'captain'), remove(room, owner, 'gone', [stranger])])
  cluster.produce([add(pair, owner, 'third', [stranger])])
  cluster.produce([leave(room, member, 'bye'), leave(room, member, 'bye-again')])
  await process.drain()
  assert.deepEqual(Object.fromEntries(answersOf(cluster) as [string, unknown][]), {
    again: 'noop',
    'not-allowed': 'FORBIDDEN',
    nobody: 'USER_NOT_FOUND',
    above: 'FORBIDDEN',
    captain: 'FORBIDDEN',
    gone: 'noop',
    third: 'FORBIDDEN',
    bye: 2,
    'bye-again': 'CONVERSATION_NOT_FOUND',
  })
})

test('a read is monotone, never beyond the log, and told to the members; typing is told to the others', async () => {
  const { cluster, process, deliveries, repo } = startOne()
  cluster.produce([send(room, owner, 'a'), send(room, owner, 'b')])
  await process.drain()
  deliveries.length = 0
  cluster.produce([read(room, member, 2), read(room, member, 99), read(room, member, 1), typing(room, member)])
  cluster.produce([read(room, owner, 3), typing(room, stranger)])
  await process.drain()
  assert.deepEqual(
    deliveries.map(({ frame, userIds }) => [frame['t'], frame['userId'], frame['seq'], userIds]),
    [
      ['read', member, 2, [owner, admin, member]],
      ['read', member, 3, [owner, admin, member]],
      ['typing', member, undefined, [owner, admin]],
    ],
  )
  assert.equal(repo.conversations.get(room)?.members.get(member)?.readSeq, 3)
})

test('nobody is typing any more when the command was delayed', async () => {
  const { cluster, process, deliveries } = startOne()
  cluster.produce([typing(room, member)], Date.now() - 60_000)
  await process.drain()
  assert.deepEqual(deliveries, [])
})

test('an announcement emits seq 1 to those who were there', async () => {
  const { cluster, process, deliveries } = startOne()
  cluster.produce([add(room, owner, 'add', [stranger]), announce(room, owner)])
  await process.drain()
  const announced = deliveries.find(({ frame }) => frame['seq'] === 1)
  assert.deepEqual(announced?.userIds, [owner, admin, member])
})

test('stopping finishes what is under way and commits it', async () => {
  const { cluster, process, committed } = startOne()
  cluster.produce([send(room, owner, 'a')])
  process.fetch()
  await new Promise((resolve) => setImmediate(resolve))
  await process.pipeline[Symbol.asyncDispose]()
  assert.deepEqual(textsOf(cluster), ['a'])
  assert.deepEqual([...committed.values()], [1])
})
