import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { change, claim, hashOf, message, quiet, startRepo, type Answer, type Owner, type Repo } from './fixture.ts'

let repo: Repo
let owner: Owner
let ann: string
let bob: string
let group: string

before(async () => {
  repo = await startRepo()
  owner = await claim(repo, [0])
  ;[ann = '', bob = ''] = await repo.makeUsers(2)
  group = await repo.makeGroup([ann, bob])
})
after(() => repo?.[Symbol.asyncDispose]())

test('example: entries take the next seqs in order, and are read back as they were sent', async () => {
  const createdAtMs = Date.UTC(2025, 5, 1) + 123
  const body = Buffer.from(JSON.stringify({ text: `it's a \\ "quote" \u0000 🙂 ${'x'.repeat(200)}` }))
  const sent = [message(ann, { body }), message(bob, { type: 'action' })]
  const { value } = expectCase(
    await owner.append([{ conversationId: group, entries: sent }], { createdAtMs }),
    'applied',
  )
  assert.deepEqual(
    value.heads.map(({ conversationId, lastSeq }) => [conversationId, lastSeq]),
    [[group, 3]],
  )
  const { entries } = await repo.messages.listEntries({ conversationId: group, afterSeq: 1, upToSeq: 99, limit: 10 })
  assert.deepEqual(
    entries.map(({ seq, type, senderId, clientMessageId, createdAtMs: at }) => [
      seq,
      type,
      senderId,
      clientMessageId,
      at,
    ]),
    [
      [2, 'text', ann, sent[0]!.clientMessageId, createdAtMs],
      [3, 'action', bob, sent[1]!.clientMessageId, createdAtMs],
    ],
  )
  assert.deepEqual(Buffer.from(entries[0]!.body), body)
})

test('bytes that are no UTF-8 and every single byte come back unchanged', async () => {
  const bodies = [Buffer.from([0xff, 0xfe, 0, 39, 92]), Buffer.from(Array.from({ length: 256 }, (_, i) => i))]
  bodies.push(Buffer.from("'); DROP TABLE users; -- \\' \\\\' \x1a\x00\b"))
  const { value } = expectCase(
    await owner.append([{ conversationId: group, entries: bodies.map((body) => message(ann, { body })) }]),
    'applied',
  )
  const upToSeq = value.heads[0]!.lastSeq
  const { entries } = await repo.messages.listEntries({ conversationId: group, afterSeq: upToSeq - 3, upToSeq })
  assert.deepEqual(
    entries.map(({ body }) => Buffer.from(body)),
    bodies,
  )
})

test('an owner of an older epoch writes nothing, and is told which partitions it lost', async () => {
  const older = await claim(repo, [7], 'logic-1')
  const newer = await claim(repo, [7], 'logic-2')
  assert.equal(newer.epoch, older.epoch + 1)
  const before = await contents()
  const answer = await older.append([{ conversationId: group, entries: [message(ann)] }])
  assert.deepEqual(expectCase(answer, 'fenced').value.partitions, [7])
  assert.deepEqual(await contents(), before)
  expectCase(await newer.append([{ conversationId: group, entries: [message(ann)] }]), 'applied')
})

test('one lost partition of several stops the whole request, and the others do not move', async () => {
  const mine = await claim(repo, [20, 21])
  const [taken] = await claimOnly(21)
  assert.equal(taken!.epoch, mine.epoch + 1)
  const answer = await mine.send({
    partitions: [20, 21].map((partition) => ({ partition, epoch: mine.epoch, fromOffset: 0, toOffset: 5 })),
    conversations: [{ conversationId: group, entries: [message(ann)] }],
    createdAtMs: Date.now(),
  })
  assert.deepEqual(expectCase(answer, 'fenced').value.partitions, [21])
  const rows = await repo.rows('SELECT next_offset FROM upstream_owners WHERE partition_id IN (20, 21)')
  assert.deepEqual(rows, [{ next_offset: '0' }, { next_offset: '0' }])
})

test('an offset that the owner is not at is refused as fenced', async () => {
  const mine = await claim(repo, [22])
  const partitions = [{ partition: 22, epoch: mine.epoch, fromOffset: 3, toOffset: 9 }]
  const answer = await mine.send({ partitions, createdAtMs: Date.now() })
  assert.deepEqual(expectCase(answer, 'fenced').value.partitions, [22])
})

test('the same request again, its answer having got lost, gets its answers and writes nothing', async () => {
  const mine = await claim(repo, [8])
  const sent = [message(ann), change(ann, 'added', [[bob, true]])]
  const outcome = { actorId: bob, commandId: 'refused-1', contentHash: hashOf(5), outcome: 'FORBIDDEN' }
  const request = {
    partitions: [{ partition: 8, epoch: mine.epoch, fromOffset: 0, toOffset: 3 }],
    conversations: [{ conversationId: group, entries: sent, outcomes: [outcome] }],
    createdAtMs: Date.now(),
  }
  const first = expectCase(await mine.send(request), 'applied')
  const before = await contents()
  const { value } = expectCase(await mine.send(request), 'known')
  assert.equal(value.alreadyApplied, true)
  const lastSeq = first.value.heads[0]!.lastSeq
  assert.deepEqual(
    value.answers.map((a) => [a.clientMessageId || a.commandId, a.outcome, a.entry?.seq]).sort(),
    [
      [sent[0]!.clientMessageId, 'applied', lastSeq - 1],
      [sent[1]!.commandId, 'applied', lastSeq],
      ['refused-1', 'FORBIDDEN', undefined],
    ].sort(),
  )
  assert.deepEqual(await contents(), before)
})

test('a known id stops the whole request: its stored answer comes back, and no offset, seq, mark or outcome is written', async () => {
  const other = await repo.makeGroup([ann, bob])
  const known = message(ann)
  const { value: first } = expectCase(await owner.append([{ conversationId: group, entries: [known] }]), 'applied')
  const before = await contents()
  const outcomes = [{ actorId: bob, commandId: 'outcome-1', contentHash: hashOf(1), outcome: 'noop' }]
  const answer = await owner.append([
    { conversationId: other, entries: [message(bob)], outcomes, reads: [{ userId: ann, seq: 1 }] },
    { conversationId: group, entries: [message(bob), { ...known, contentHash: hashOf(77) }] },
  ])
  const { answers, alreadyApplied } = expectCase(answer, 'known').value
  assert.equal(alreadyApplied, false)
  assert.equal(answers.length, 1)
  const [stored] = answers
  assert.equal(stored!.conversationId, group)
  assert.equal(stored!.actorId, ann)
  assert.equal(stored!.clientMessageId, known.clientMessageId)
  assert.equal(stored!.outcome, 'applied')
  assert.deepEqual(
    Buffer.from(stored!.contentHash),
    known.contentHash,
    'the hash of the original, not of the repetition',
  )
  assert.equal(stored!.entry!.seq, first.heads[0]!.lastSeq)
  assert.deepEqual(Buffer.from(stored!.entry!.body), known.body)
  assert.deepEqual(await contents(), before)
})

test('a known command id, with and without an entry, is found before anything is written', async () => {
  const changed = change(ann, 'removed', [[bob, false]])
  const refused = { actorId: bob, commandId: 'outcome-2', contentHash: hashOf(2), outcome: 'FORBIDDEN' }
  expectCase(await owner.append([{ conversationId: group, entries: [changed], outcomes: [refused] }]), 'applied')
  const before = await contents()
  const again = await owner.append([{ conversationId: group, entries: [message(ann)], outcomes: [refused] }])
  assert.deepEqual(
    expectCase(again, 'known').value.answers.map(({ commandId, outcome, entry }) => [commandId, outcome, entry]),
    [['outcome-2', 'FORBIDDEN', undefined]],
  )
  const twice = await owner.append([{ conversationId: group, entries: [changed] }])
  const [answer] = expectCase(twice, 'known').value.answers
  assert.deepEqual([answer!.commandId, answer!.outcome, answer!.entry!.type], [changed.commandId, 'applied', 'removed'])
  assert.deepEqual(await contents(), before)
})

test('lookups by message, command and seq are answered beside a write, and alone without moving an offset', async () => {
  const sent = message(ann)
  const added = change(ann, 'added', [[bob, true]])
  expectCase(await owner.append([{ conversationId: group, entries: [sent, added] }]), 'applied')
  const lookups = [
    { actorId: ann, clientMessageId: sent.clientMessageId! },
    { actorId: ann, commandId: added.commandId! },
    { seq: 1 },
    { actorId: bob, clientMessageId: sent.clientMessageId! },
    { actorId: bob, commandId: 'never sent' },
    { seq: 4_000_000_000 },
  ]
  const beside = expectCase(
    await owner.append([{ conversationId: group, entries: [message(bob)], lookups }]),
    'applied',
  )
  const alone = expectCase(
    await owner.send({
      partitions: [{ partition: 0, epoch: owner.epoch, fromOffset: owner.offset, toOffset: owner.offset }],
      conversations: [{ conversationId: group, lookups }],
      createdAtMs: Date.now(),
    }),
    'applied',
  )
  for (const { value } of [beside, alone]) {
    assert.deepEqual(
      value.answers.map((a) => [a.clientMessageId, a.commandId, a.outcome, a.entry?.type]).sort(),
      [
        [sent.clientMessageId, '', 'applied', 'text'],
        ['', added.commandId, 'applied', 'added'],
        ['', '', 'applied', 'created'],
      ].sort(),
    )
  }
  const [row] = await repo.rows<{ next_offset: string }>(
    'SELECT next_offset FROM upstream_owners WHERE partition_id = 0',
  )
  assert.equal(row!.next_offset, String(owner.offset))
  await claimOnly(0)
  const stale = await owner.send({
    partitions: [{ partition: 0, epoch: owner.epoch, fromOffset: owner.offset, toOffset: owner.offset }],
    conversations: [{ conversationId: group, lookups }],
    createdAtMs: Date.now(),
  })
  expectCase(stale, 'fenced')
  owner = await claim(repo, [0])
})

test('what the database refuses is found among hundreds, by conversation and index; the rest then applies', async () => {
  const groups = await Promise.all(Array.from({ length: 12 }, () => repo.makeGroup([ann, bob])))
  const poisoned = groups[7]!
  const conversations = groups.map((conversationId) => ({
    conversationId,
    entries: Array.from({ length: 5 }, () => message(ann)),
  }))
  conversations.find(({ conversationId }) => conversationId === poisoned)!.entries[3]!.type = 'far too long for a type'
  const before = await contents()
  const { value } = expectCase(await owner.append(conversations), 'rejected')
  assert.deepEqual([value.conversationId, value.entryIndex], [poisoned, 3])
  assert.match(value.reason, /TOO_LONG/)
  assert.deepEqual(await contents(), before, 'probing leaves nothing behind')
  conversations.find(({ conversationId }) => conversationId === poisoned)!.entries.splice(3, 1)
  expectCase(await owner.append(conversations), 'applied')
})

test('what is refused outside of entries is laid to the conversation', async () => {
  const outcomes = [{ actorId: ann, commandId: 'too-long', contentHash: hashOf(1), outcome: 'x'.repeat(40) }]
  const { value } = expectCase(
    await owner.append([{ conversationId: group, entries: [message(ann)], outcomes }]),
    'rejected',
  )
  assert.deepEqual([value.conversationId, value.entryIndex], [group, -1])
})

test('malformed parts are rejected by name and nothing is written', async () => {
  const before = await contents()
  const good = message(ann)
  const cases = [
    { entries: [good, { ...message(ann), senderId: "1'; DROP TABLE users" }], index: 1 },
    { entries: [{ ...message(ann), contentHash: Buffer.alloc(15) }], index: 0 },
    { entries: [{ ...message(ann), commandId: 'both' }], index: 0 },
    { entries: [{ ...message(ann), clientMessageId: '' }], index: 0 },
    { entries: [{ ...message(ann), clientMessageId: 'x'.repeat(65) }], index: 0 },
    { entries: [{ ...message(ann), clientMessageId: 'ünicode' }], index: 0 },
    { entries: [{ ...message(ann), body: Buffer.alloc(65_536, 120) }], index: 0 },
    { entries: [{ ...message(ann), senderId: '99999999999999999999' }], index: 0 },
    { entries: [change(ann, 'added', [['x', true]])], index: 0 },
    { entries: [good, good], index: 1 },
    { lookups: [{ actorId: ann, clientMessageId: 'a', commandId: 'b' }], index: -1 },
    { lookups: [{ actorId: 'x', commandId: 'b' }], index: -1 },
    { reads: [{ userId: '0', seq: 1 }], index: -1 },
    { outcomes: [{ actorId: ann, commandId: '', contentHash: hashOf(1), outcome: 'noop' }], index: -1 },
    { outcomes: [{ ...quiet(ann, [[bob, false]]), outcome: 'noop' }], index: -1 },
    { outcomes: [{ ...quiet(ann, []), outcome: 'applied' }], index: -1 },
    { outcomes: [quiet(ann, [['x', true]])], index: -1 },
    { entries: [good], outcomes: [quiet(ann, [[bob, false]], 2)], index: -1 },
    { deliveryClass: 3 as DeliveryClass, index: -1 },
  ]
  for (const { index, ...parts } of cases) {
    const { value } = expectCase(await owner.append([{ conversationId: group, ...parts }]), 'rejected')
    assert.equal(value.entryIndex, index, value.reason)
  }
  for (const conversationId of ['', 'x', '12345', '99999999999999999999']) {
    const { value } = expectCase(await owner.append([{ conversationId, entries: [message(ann)] }]), 'rejected')
    assert.deepEqual([value.conversationId, value.entryIndex], [conversationId, -1])
  }
  const nowhere = await owner.append([{ conversationId: '12345', outcomes: [quiet(ann, [[bob, true]])] }])
  assert.equal(expectCase(nowhere, 'rejected').value.conversationId, '12345')
  assert.deepEqual(await contents(), before)
})

test('a request that is malformed as a whole ends its stream with INVALID_ARGUMENT; other streams go on', async () => {
  const partition = { partition: 30, epoch: 1, fromOffset: 0, toOffset: 1 }
  const createdAtMs = Date.now()
  const requests = [
    { createdAtMs },
    { createdAtMs, partitions: [{ ...partition, toOffset: -1 }] },
    { createdAtMs, partitions: [{ ...partition, epoch: 1.5 }] },
    { createdAtMs, partitions: [{ ...partition, fromOffset: Number.NaN }] },
    { createdAtMs, partitions: [partition, partition] },
    { createdAtMs: Number.NaN, partitions: [partition] },
    { createdAtMs, partitions: [partition], conversations: [{ conversationId: group }, { conversationId: group }] },
  ]
  for (const request of requests) {
    await using mine = await claim(repo, [30])
    await assert.rejects(mine.send(request), { code: 'INVALID_ARGUMENT' })
  }
  expectCase(await owner.append([{ conversationId: group, entries: [message(ann)] }]), 'applied')
})

test('answers too large for one message come without bodies instead of not at all', async () => {
  const body = Buffer.alloc(65_000, 120)
  const sent = Array.from({ length: 100 }, () => message(ann, { body }))
  expectCase(await owner.append([{ conversationId: group, entries: sent }]), 'applied')
  const lookups = [...sent, ...sent].map(({ clientMessageId }) => ({ actorId: ann, clientMessageId: clientMessageId! }))
  const { value } = expectCase(await owner.append([{ conversationId: group, lookups }]), 'applied')
  assert.equal(value.answers.length, 200)
  assert.equal(value.answers[0]!.entry!.body.length, 65_000)
  assert.equal(value.answers[199]!.entry!.body.length, 0)
  assert.ok(value.answers[199]!.entry!.seq > 0)
})

test('a claim clamps the offset to what the log has', async () => {
  const bounds = [
    [{ logStart: 5, logEnd: 10 }, 5],
    [{ logStart: 0, logEnd: 3 }, 3],
    [{ logStart: 2, logEnd: 90 }, 3],
    [{ logStart: 40, logEnd: 90 }, 40],
  ] as const
  for (const [index, [bound, expected]] of bounds.entries()) {
    const { claims } = await repo.messages.claimPartitions({
      owner: 'logic-9',
      partitions: [{ partition: 40, ...bound }],
    })
    assert.deepEqual([claims[0]!.epoch, claims[0]!.nextOffset], [index + 1, expected])
  }
})

async function claimOnly(partition: number) {
  const { claims } = await repo.messages.claimPartitions({
    owner: 'logic-3',
    partitions: [{ partition, logStart: 0, logEnd: 1e9 }],
  })
  return claims
}

/** Everything that an append may write, in one comparable value. */
function contents() {
  return repo.rows(`SELECT
  (SELECT SUM(CRC32(CONCAT_WS(':', id, last_seq, last_ordinal, member_version, member_count, last_entry_at))) FROM conversations) c,
  (SELECT SUM(CRC32(CONCAT_WS(':', conversation_id, user_id, role, join_seq, leave_seq, read_seq, read_ordinal))) FROM members) u,
  (SELECT COUNT(*) FROM messages) m, (SELECT COUNT(*) FROM commands) k, (SELECT SUM(next_offset) FROM upstream_owners) o`)
}

function expectCase<C extends NonNullable<Answer['case']>>(answer: Answer, expected: C) {
  assert.equal(answer.case, expected, JSON.stringify(answer.value))
  return answer as Extract<Answer, { case: C }>
}
