import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import {
  change,
  claim,
  hashOf,
  message,
  quiet,
  startRepo,
  type Conversation,
  type Owner,
  type Repo,
} from './fixture.ts'

const { DIRECT, LARGE } = DeliveryClass

let repo: Repo
let owner: Owner
let ann: string
let bob: string
let eve: string

before(async () => {
  repo = await startRepo()
  owner = await claim(repo, [0])
  ;[ann = '', bob = '', eve = ''] = await repo.makeUsers(3)
})
after(() => repo?.[Symbol.asyncDispose]())

test('example: a conversation becomes large at an entry, and what came before it counts as settled', async () => {
  const group = await repo.makeGroup([ann, bob])
  await apply({ conversationId: group, entries: [message(ann)] }) // 2
  await apply({ conversationId: group, deliveryClass: LARGE, entries: [message(ann), message(ann)] }) // 3, 4
  assert.deepEqual(await classOf(group), { deliveryClass: LARGE, sinceSeq: 3, settledSeq: 2 })
  await apply({ conversationId: group, entries: [message(ann)] })
  await apply({ conversationId: group, deliveryClass: LARGE, entries: [message(ann)] })
  assert.deepEqual(await classOf(group), { deliveryClass: LARGE, sinceSeq: 3, settledSeq: 2 }, 'large already')
})

test('a change of class without an entry counts from the next one on, and is no activity', async () => {
  const group = await repo.makeGroup([ann, bob])
  const lastEntryAt = () => repo.rows(`SELECT last_entry_at FROM conversations WHERE id = ${group}`)
  const before = await lastEntryAt()
  const createdAtMs = Date.now() + 60_000
  const grown = { conversationId: group, deliveryClass: LARGE, outcomes: [quiet(ann, [[eve, true]])] }
  assert.equal((await owner.append([grown], { createdAtMs })).case, 'applied')
  assert.deepEqual(await classOf(group), { deliveryClass: LARGE, sinceSeq: 2, settledSeq: 1 })
  assert.deepEqual(await lastEntryAt(), before)
})

test('back to large, a cursor that was done skips the direct time; one that was behind settles that, too', async () => {
  for (const [settledMeanwhile, expected] of [
    [3, 4],
    [2, 2],
  ]) {
    const group = await repo.makeGroup([ann, bob])
    await apply({ conversationId: group, deliveryClass: LARGE, entries: [message(ann), message(ann)] }) // 2, 3
    await apply({ conversationId: group, deliveryClass: DIRECT, entries: [message(ann)] }) // 4
    assert.deepEqual(await classOf(group), { deliveryClass: DIRECT, sinceSeq: 4, settledSeq: 1 })
    assert.equal((await repo.fanouts.getCursor({ conversationId: group })).cursor!.headSeq, 3)
    await repo.rows(`UPDATE fanout_cursors SET settled_seq = ${settledMeanwhile} WHERE conversation_id = ${group}`)
    await apply({ conversationId: group, deliveryClass: LARGE, entries: [message(ann)] }) // 5
    assert.deepEqual(await classOf(group), { deliveryClass: LARGE, sinceSeq: 5, settledSeq: expected })
    assert.equal((await repo.fanouts.getCursor({ conversationId: group })).cursor!.headSeq, 5)
  }
})

test('a class change that is rolled back, or asked for by a former owner, changes nothing', async () => {
  const group = await repo.makeGroup([ann, bob])
  const known = message(ann)
  await apply({ conversationId: group, entries: [known] })
  const answer = await owner.append([{ conversationId: group, deliveryClass: LARGE, entries: [message(ann), known] }])
  assert.equal(answer.case, 'known')
  const older = await claim(repo, [1], 'logic-old')
  await claim(repo, [1], 'logic-new')
  const late = await older.append([{ conversationId: group, deliveryClass: LARGE, entries: [message(ann)] }])
  assert.equal(late.case, 'fenced')
  assert.deepEqual(await classOf(group), { deliveryClass: DIRECT, sinceSeq: 1, settledSeq: undefined })
})

test('quiet changes take no seq: who comes sees what is written from there on, who goes saw what was written before', async () => {
  const group = await makeLarge() // up to 2
  await apply({
    conversationId: group,
    entries: [message(ann), message(ann), message(ann)], // 3, 4, 5
    outcomes: [quiet(eve, [[eve, true]], 1), quiet(bob, [[bob, false]], 2)],
  })
  assert.deepEqual(await placesOf(group), [`${ann} 0–0`, `${bob} 0–4`, `${eve} 3–0`].sort())
  const [head] = (await repo.conversations.listHeads({ userId: eve, namedIds: [] })).heads.slice(-1)
  assert.deepEqual([head!.conversationId, head!.readSeq, head!.unread], [group, 3, 2])
  const left = await repo.conversations.listHeads({ userId: bob, namedIds: [group] })
  const bobs = left.heads.find(({ conversationId }) => conversationId === group)
  assert.deepEqual([bobs!.lastSeq, bobs!.leaveSeq, bobs!.unread], [4, 4, 3])
  const { conversation } = await repo.conversations.getMembership({ userId: ann, conversationId: group })
  assert.deepEqual([conversation!.lastSeq, conversation!.memberCount], [5, 2])
  assert.deepEqual(await versionsOf(group), { now: 3, changed: [eve, bob] })
})

test('the next read sees a quiet change: the cached count and the cached place are gone', async () => {
  const group = await makeLarge()
  const read = () => repo.conversations.getMembership({ userId: bob, conversationId: group })
  await read()
  await new Promise((resolve) => setTimeout(resolve, 50))
  await apply({ conversationId: group, outcomes: [quiet(bob, [[bob, false]])] })
  const { conversation, member } = await read()
  assert.deepEqual([conversation!.memberCount, member!.isActive, member!.leaveSeq], [1, false, 2])
})

test('a quiet change under a known id writes nothing again; its answer has no entry', async () => {
  const group = await makeLarge()
  const added = quiet(ann, [[eve, true]])
  const request = {
    partitions: [{ partition: 0, epoch: owner.epoch, fromOffset: owner.offset, toOffset: owner.offset + 1 }],
    conversations: [{ conversationId: group, outcomes: [added] }],
    createdAtMs: Date.now(),
  }
  assert.equal((await owner.send(request)).case, 'applied')
  owner.offset += 1
  const lost = await owner.send(request)
  const again = await owner.append([{ conversationId: group, entries: [message(ann)], outcomes: [added] }])
  const lookedUp = await owner.append([
    { conversationId: group, lookups: [{ actorId: ann, commandId: added.commandId! }] },
  ])
  for (const [answer, expected] of [
    [lost, 'known'],
    [again, 'known'],
    [lookedUp, 'applied'],
  ] as const) {
    assert.ok(answer.case === expected && (answer.case === 'known' || answer.case === 'applied'))
    const [stored] = answer.value.answers
    assert.deepEqual(
      [stored!.commandId, stored!.actorId, stored!.outcome, stored!.entry],
      [added.commandId, ann, 'applied', undefined],
    )
  }
  assert.deepEqual(await versionsOf(group), { now: 2, changed: [eve] })
  assert.deepEqual(await placesOf(group), [`${ann} 0–0`, `${bob} 0–0`, `${eve} 2–0`].sort())
})

test('what the database refuses among quiet changes is laid to the conversation, and others apply without it', async () => {
  const [good, bad] = [await makeLarge(), await makeLarge()]
  const outcomes = [quiet(ann, [['99999999999999999999', true]])]
  const answer = await owner.append([
    { conversationId: good, entries: [message(ann)] },
    { conversationId: bad, entries: [message(ann)], outcomes },
  ])
  assert.ok(answer.case === 'rejected')
  assert.deepEqual([answer.value.conversationId, answer.value.entryIndex], [bad, -1])
})

test('states: a direct conversation comes whole, a large one with the wished members, or whole when that is wished', async () => {
  const direct = await repo.makeGroup([ann, bob])
  const large = await makeLarge()
  const whole = await makeLarge()
  await apply({ conversationId: large, outcomes: [quiet(bob, [[bob, false]]), quiet(ann, [[eve, true]])] })
  const { states } = await repo.conversations.loadStates({
    wishes: [
      { conversationId: direct, userIds: [ann] },
      { conversationId: large, userIds: [bob, eve, '424242'] },
      { conversationId: whole, userIds: [ann], isWhole: true },
      { conversationId: '424242', userIds: [ann] },
    ],
  })
  const found = new Map(
    states.map((state) => [
      state.conversationId,
      [state.deliveryClass, state.isWhole, state.memberCount, state.members.map(({ userId }) => userId).sort()],
    ]),
  )
  const expected = new Map<string, unknown[]>([
    [direct, [DIRECT, true, 2, [ann, bob].sort()]],
    [large, [LARGE, false, 2, [eve]]],
    [whole, [LARGE, true, 2, [ann, bob].sort()]],
  ])
  assert.deepEqual(found, expected)
})

test('concurrent owners, refusals among their requests: versions are listed without a gap, in every conversation and class', async () => {
  const users = await repo.makeUsers(6)
  const owners = await Promise.all([10, 11, 12].map((partition) => claim(repo, [partition], `logic-${partition}`)))
  const groups: string[] = []
  const work = async (mine: Owner, seed: number) => {
    const own = [await repo.makeGroup([ann]), await repo.makeGroup([ann, ...users])]
    groups.push(...own)
    for (let round = 0; round < 20; round += 1) {
      const isRefused = round % 5 === 4
      const answer = await mine.append(
        own.map((conversationId, i) => {
          const user = users[(round * 5 + seed + i) % users.length]!
          const isActive = (round + i) % 2 === 0
          return {
            conversationId,
            deliveryClass: round % 4 === 3 ? DIRECT : round % 4 === 1 ? LARGE : 0,
            entries: [message(ann), change(ann, 'added', [[user, isActive]])],
            outcomes: [
              quiet(ann, users.slice(0, 3).map((id) => [id, !isActive] as const) as [string, boolean][], 1),
              {
                actorId: ann,
                commandId: `r-${seed}-${round}-${i}`,
                contentHash: hashOf(1),
                outcome: isRefused ? 'x'.repeat(40) : 'noop',
              },
            ],
          }
        }),
      )
      assert.equal(answer.case, isRefused ? 'rejected' : 'applied', JSON.stringify(answer.value))
    }
  }
  await Promise.all(owners.map(work))
  for (const group of groups) {
    const { now, changed } = await versionsOf(group)
    assert.ok(changed.length > 10)
    assert.equal(changed.length, now - 1)
    const [row] = await repo.rows<{ member_count: number; n: string }>(
      `SELECT member_count, (SELECT COUNT(*) FROM members WHERE conversation_id = id AND leave_seq = 0) n
FROM conversations WHERE id = ${group}`,
    )
    assert.equal(row!.member_count, Number(row!.n))
  }
})

async function apply(conversation: Conversation): Promise<void> {
  const answer = await owner.append([conversation])
  assert.equal(answer.case, 'applied', JSON.stringify(answer.value))
}

/** Of ann and bob, with two entries. */
async function makeLarge(): Promise<string> {
  const group = await repo.makeGroup([ann, bob])
  await apply({ conversationId: group, deliveryClass: LARGE, entries: [message(ann)] })
  return group
}

async function classOf(group: string) {
  const [row] = await repo.rows<{ delivery_class: number; class_since_seq: number; settled_seq: number | null }>(
    `SELECT delivery_class, class_since_seq, settled_seq FROM conversations
LEFT JOIN fanout_cursors ON conversation_id = id WHERE id = ${group}`,
  )
  return {
    deliveryClass: row!.delivery_class,
    sinceSeq: row!.class_since_seq,
    settledSeq: row!.settled_seq ?? undefined,
  }
}

async function placesOf(group: string): Promise<string[]> {
  const rows = await repo.rows<{ user_id: string; join_seq: number; leave_seq: number }>(
    `SELECT user_id, join_seq, leave_seq FROM members WHERE conversation_id = ${group}`,
  )
  return rows.map((row) => `${row.user_id} ${row.join_seq}–${row.leave_seq}`).sort()
}

/** The version of the members, and who changed, by versions from 2 on. */
async function versionsOf(group: string): Promise<{ now: number; changed: string[] }> {
  const [row] = await repo.rows<{ member_version: number }>(
    `SELECT member_version FROM conversations WHERE id = ${group}`,
  )
  const rows = await repo.rows<{ version: number; user_id: string }>(
    `SELECT version, user_id FROM member_changes WHERE conversation_id = ${group} ORDER BY version`,
  )
  assert.deepEqual(
    rows.map(({ version }) => version),
    rows.map((_, index) => index + 2),
  )
  return { now: row!.member_version, changed: rows.map(({ user_id }) => user_id) }
}
