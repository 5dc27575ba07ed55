import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { claim, message, openAppends, startRepo, type Owner, type Repo } from './fixture.ts'

let repo: Repo
let users: string[]

before(async () => {
  repo = await startRepo()
  users = await repo.makeUsers(5)
})
after(() => repo?.[Symbol.asyncDispose]())

test('concurrent owners, rollbacks among their requests: every log is gap-free and holds each id once', async () => {
  const owners = await Promise.all([0, 1, 2, 3].map((partition) => claim(repo, [partition], `logic-${partition}`)))
  const sent = new Map<string, Set<string>>()
  const appendAll = async (owner: Owner) => {
    const groups = await Promise.all([0, 1, 2, 3, 4].map(() => repo.makeGroup(users)))
    for (const group of groups) sent.set(group, new Set())
    let last = message(users[0]!)
    for (let round = 0; round < 25; round += 1) {
      const isRepeated = round % 5 === 3
      const isRefused = round % 5 === 4
      const conversations = groups.map((conversationId, i) => ({
        conversationId,
        entries: Array.from({ length: 1 + ((round + i) % 3) }, (_, j) => message(users[(i + j) % users.length]!)),
      }))
      if (isRepeated) conversations[0]!.entries.push(last)
      if (isRefused) conversations[4]!.entries[0]!.type = 'x'.repeat(17)
      const answer = await owner.append(conversations)
      assert.equal(answer.case, isRepeated ? 'known' : isRefused ? 'rejected' : 'applied', JSON.stringify(answer.value))
      if (answer.case !== 'applied') continue
      last = conversations[0]!.entries[0]!
      for (const { conversationId, entries } of conversations) {
        for (const { clientMessageId } of entries) sent.get(conversationId)!.add(clientMessageId!)
      }
    }
  }
  await Promise.all(owners.map(appendAll))

  for (const [group, ids] of sent) {
    const rows = await repo.rows<{ seq: number; ordinal: number; id: string | null }>(
      `SELECT seq, ordinal, client_message_id AS id FROM messages WHERE conversation_id = ${group} ORDER BY seq`,
    )
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      rows.map((_, index) => index + 1),
    )
    assert.deepEqual(
      rows.map(({ ordinal }) => ordinal),
      rows.map((_, index) => index),
    )
    assert.deepEqual(new Set(rows.slice(1).map(({ id }) => id)), ids)
    const [head] = await repo.rows<{ last_seq: number; last_ordinal: number }>(
      `SELECT last_seq, last_ordinal FROM conversations WHERE id = ${group}`,
    )
    assert.deepEqual({ ...head }, { last_seq: rows.length, last_ordinal: rows.length - 1 })
  }
  for (const owner of owners) {
    const [row] = await repo.rows<{ n: string }>(
      `SELECT SUM(next_offset) n FROM upstream_owners WHERE owner = 'logic-${owners.indexOf(owner)}'`,
    )
    assert.equal(Number(row!.n), owner.offset)
  }
})

test('two owners that both believe to hold a partition: in any interleaving only the newest epoch has written', async () => {
  const group = await repo.makeGroup(users)
  for (let round = 0; round < 10; round += 1) {
    const older = await claim(repo, [9], 'logic-old')
    const send = (owner: Owner) => owner.append([{ conversationId: group, entries: [message(users[0]!)] }])
    const [first, newer] = await Promise.all([send(older), claim(repo, [9], 'logic-new')])
    const [late, own] = await Promise.all([send(older), send(newer)])
    assert.ok(first.case === 'applied' || first.case === 'fenced')
    assert.equal(late.case, 'fenced')
    // A claim counts in the append that it waited for.
    assert.equal(own.case, 'applied')
    await older[Symbol.asyncDispose]()
    await newer[Symbol.asyncDispose]()
  }
  const [row] = await repo.rows<{ last_seq: number; n: string }>(
    `SELECT last_seq, (SELECT COUNT(*) FROM messages WHERE conversation_id = id) n FROM conversations WHERE id = ${group}`,
  )
  assert.equal(Number(row!.n), row!.last_seq)
})

test('requests sent without waiting are answered in their order', async () => {
  const group = await repo.makeGroup(users)
  const { epoch } = await claim(repo, [10])
  const stream = openAppends(repo)
  const answers = await Promise.all(
    [0, 1, 2, 3, 4].map((offset) =>
      stream.send({
        partitions: [{ partition: 10, epoch, fromOffset: offset, toOffset: offset + 1 }],
        conversations: [{ conversationId: group, entries: [message(users[0]!)] }],
        createdAtMs: Date.now(),
      }),
    ),
  )
  assert.deepEqual(
    answers.map((answer) => answer.case === 'applied' && answer.value.heads[0]!.lastSeq),
    [2, 3, 4, 5, 6],
  )
  stream.end()
})

test('a caller that floods its stream is cut off with OVERLOADED', async () => {
  const { epoch } = await claim(repo, [11])
  const stream = openAppends(repo)
  const partitions = [{ partition: 11, epoch, fromOffset: 0, toOffset: 0 }]
  const floods = Array.from({ length: 100 }, () => stream.send({ partitions, createdAtMs: Date.now() }))
  const ends = await Promise.allSettled(floods)
  const refused = ends.filter((end) => end.status === 'rejected')
  assert.ok(refused.length > 0)
  for (const { reason } of refused) assert.equal((reason as { code: string }).code, 'OVERLOADED')
})

test('draining answers what was asked, ends the streams in good order, and does not wait for their callers', async () => {
  await using own = await startRepo()
  const [user = ''] = await own.makeUsers(1)
  const group = await own.makeGroup([user])
  const owner = await claim(own, [0])
  const idle = openAppends(own)
  const answer = owner.append([{ conversationId: group, entries: [message(user)] }])
  // The request is on its way: let it arrive first.
  await own.users.getUsers({ ids: [user] })
  const startedAt = performance.now()
  await own.drain()
  assert.ok(performance.now() - startedAt < 3_000)
  assert.equal((await answer).case, 'applied')
  idle.end()
})
