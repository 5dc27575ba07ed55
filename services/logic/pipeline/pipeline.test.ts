import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { partitionOf } from '#delivery/partition.ts'
import { waitFor } from '#infra/testing/index.ts'
import { ConversationKind, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { createCluster, type Cluster } from './testing/cluster.ts'
import { add, announce, leave, read, remove, send, typing } from './testing/commands.ts'
import { createMemoryRepo, unstorable } from './testing/memory-repo.ts'

const room = '100'
const pair = '101'
const [owner, admin, member, stranger] = ['1', '2', '3', '9']

function setUp(): Cluster {
  const repo = createMemoryRepo()
  repo.addConversation(room, ConversationKind.GROUP, {
    [owner]: Role.OWNER,
    [admin]: Role.ADMIN,
    [member]: Role.MEMBER,
  })
  repo.addConversation(pair, ConversationKind.DIRECT, { [owner]: Role.MEMBER, [member]: Role.MEMBER })
  repo.users.add(stranger)
  return createCluster(repo)
}

/** One process that owns everything. */
function startOne(cluster = setUp()) {
  const process = cluster.start()
  process.assign([0, 1])
  return { ...cluster, cluster, process }
}

function textsOf(cluster: Cluster, conversationId = room): unknown[] {
  const { entries } = cluster.repo.conversations.get(conversationId)!
  return entries.slice(1).map(({ type, body }) => {
    const text = Buffer.from(body).toString()
    return type === 'text' ? (JSON.parse(text) as { text: string }).text : type
  })
}

/** The results of every ack, in order. */
function resultsOf(cluster: Cluster): Record<string, unknown>[] {
  return cluster.replies.flatMap((reply) => reply['results'] as Record<string, unknown>[])
}

/** id → seq, or error code, or outcome. */
function answersOf(cluster: Cluster): unknown[] {
  return resultsOf(cluster).map((result) => {
    const error = result['error'] as { code: string } | undefined
    return [result['clientMessageId'] ?? result['commandId'], error?.code ?? result['seq'] ?? result['outcome']]
  })
}

suite('the message path', () => {
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
})

suite('the same id again', () => {
  test('gets the stored answer and emits the stored entry, in a later batch', async () => {
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

  test('inside one batch is collapsed', async () => {
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

  test('with other content is a conflict, in the batch and later', async () => {
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

  test('of a refused command gets the refusal that was stored, though it would be allowed now', async () => {
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

  test('of who left since gets the old answer, not a refusal', async () => {
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
})

suite('who sees a stored entry that is emitted again', () => {
  test('who was a member then and is now, and who went with it: not who came since', async () => {
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
})

suite('faults', () => {
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
    assert.ok(repo.requests.every((request) => (request.conversations[0]?.entries.length ?? 0) <= 500))
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
})

suite('ownership', () => {
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
