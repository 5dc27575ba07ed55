import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { change, claim, message, startRepo, type Conversation, type Owner, type Repo } from './fixture.ts'

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

test('unread is a subtraction: others’ messages count, own ones read everything before them, changes do not count', async () => {
  const group = await repo.makeGroup([ann, bob])
  await apply({ conversationId: group, entries: [message(ann), message(ann), change(ann, 'added', [[eve, true]])] })
  assert.deepEqual(await unread(group), { ann: 0, bob: 2, eve: 0 })
  await apply({ conversationId: group, entries: [message(eve), message(ann)] })
  assert.deepEqual(await unread(group), { ann: 0, bob: 4, eve: 1 })
  await apply({ conversationId: group, entries: [message(bob)] })
  assert.deepEqual(await unread(group), { ann: 1, bob: 0, eve: 2 })
  const { conversations } = await repo.conversations.listConversations({ userId: eve })
  const summary = conversations.find(({ conversation }) => conversation!.id === group)!
  assert.deepEqual([summary.unread, summary.lastEntry!.senderId, summary.member!.readSeq], [2, bob, 5])
})

test('read marks only go forward, and end at what there is', async () => {
  const group = await repo.makeGroup([ann, bob])
  await apply({ conversationId: group, entries: Array.from({ length: 6 }, () => message(ann)) })
  const steps = [
    { seq: 3, readSeq: 3, unread: 4 },
    { seq: 2, readSeq: 3, unread: 4 },
    { seq: 5, readSeq: 5, unread: 2 },
    { seq: 0, readSeq: 5, unread: 2 },
    { seq: 4_294_967_295, readSeq: 7, unread: 0 },
    { seq: 1, readSeq: 7, unread: 0 },
  ]
  for (const step of steps) {
    await apply({ conversationId: group, reads: [{ userId: bob, seq: step.seq }] })
    const head = await headOf(bob, group)
    assert.deepEqual([head!.readSeq, head!.unread], [step.readSeq, step.unread], JSON.stringify(step))
  }
  await apply({ conversationId: group, entries: [message(ann)], reads: [{ userId: bob, seq: 8 }] })
  assert.equal((await headOf(bob, group))!.unread, 0, 'a mark may name what the same request writes')
})

test('marks of strangers, and messages of theirs, make nobody a member', async () => {
  const group = await repo.makeGroup([ann])
  await apply({ conversationId: group, entries: [message(eve)], reads: [{ userId: bob, seq: 1 }] })
  const rows = await repo.rows<{ user_id: string }>(`SELECT user_id FROM members WHERE conversation_id = ${group}`)
  assert.deepEqual(
    rows.map((row) => row.user_id),
    [ann],
  )
})

test('who joins sees its own join and what follows; who left sees nothing more; a rejoin starts anew', async () => {
  const group = await repo.makeGroup([ann])
  await apply({ conversationId: group, entries: [message(ann), message(ann)] }) // 2, 3
  await apply({ conversationId: group, entries: [change(ann, 'added', [[bob, true]]), message(ann)] }) // 4, 5
  assert.deepEqual(await place(bob, group), { isActive: true, joinSeq: 3, leaveSeq: 0, readSeq: 3 })
  assert.equal((await headOf(bob, group))!.unread, 1)
  await apply({ conversationId: group, entries: [message(ann), change(bob, 'left', [[bob, false]]), message(ann)] }) // 6, 7, 8
  assert.deepEqual(await place(bob, group), { isActive: false, joinSeq: 3, leaveSeq: 7, readSeq: 3 })
  assert.equal(await headOf(bob, group), undefined, 'left conversations appear only when named')
  const left = await headOf(bob, group, [group])
  assert.deepEqual([left!.lastSeq, left!.leaveSeq, left!.unread], [7, 7, 2])
  await apply({ conversationId: group, reads: [{ userId: bob, seq: 8 }] })
  assert.equal((await place(bob, group)).readSeq, 7, 'read no further than it may see')
  await apply({ conversationId: group, entries: [message(ann), change(ann, 'added', [[bob, true]])] }) // 9, 10
  assert.deepEqual(await place(bob, group), { isActive: true, joinSeq: 9, leaveSeq: 0, readSeq: 9 })
  assert.equal((await headOf(bob, group))!.unread, 0)
})

test('member_count and member_version count what really changed, also several changes of one user in one request', async () => {
  const group = await repo.makeGroup([ann, bob])
  await apply({
    conversationId: group,
    entries: [
      change(ann, 'added', [
        [bob, true],
        [eve, true],
      ]),
      change(ann, 'removed', [[eve, false]]),
      change(ann, 'removed', [[eve, false]]),
      message(ann),
      change(ann, 'added', [[eve, true]]),
      change(ann, 'removed', [[bob, false]]),
    ],
  })
  assert.deepEqual(await place(eve, group), { isActive: true, joinSeq: 5, leaveSeq: 0, readSeq: 5 })
  const { states } = await repo.conversations.loadStates({ wishes: [{ conversationId: group }] })
  assert.deepEqual(states[0]!.members.map(({ userId }) => userId).sort(), [ann, eve].sort())
  assert.equal(states[0]!.memberVersion, 1 + 4)
  const { conversation } = await repo.conversations.getMembership({ userId: ann, conversationId: group })
  assert.equal(conversation!.memberCount, 2)
})

test('a change of role keeps the place, and a mute outlives leaving', async () => {
  const group = await repo.makeGroup([ann, bob])
  const promoted = change(ann, 'role', [[bob, true]])
  promoted.memberChanges![0]!.role = 2
  await apply({ conversationId: group, entries: [message(ann), promoted] })
  const { member } = await repo.conversations.getMembership({ userId: bob, conversationId: group })
  assert.deepEqual([member!.role, member!.joinSeq], [2, 0])
  await repo.rows(`UPDATE members SET muted_until = '2099-01-01' WHERE user_id = ${bob} AND conversation_id = ${group}`)
  await apply({
    conversationId: group,
    entries: [change(bob, 'left', [[bob, false]]), change(ann, 'added', [[bob, true]])],
  })
  const { states } = await repo.conversations.loadStates({ wishes: [{ conversationId: group }] })
  const bobNow = states[0]!.members.find(({ userId }) => userId === bob)
  assert.deepEqual([bobNow!.role, bobNow!.mutedUntilMs], [1, Date.UTC(2099, 0, 1)])
})

async function apply(conversation: Conversation): Promise<void> {
  const answer = await owner.append([conversation])
  assert.equal(answer.case, 'applied', JSON.stringify(answer.value))
}

async function headOf(userId: string, conversationId: string, namedIds: string[] = []) {
  const { heads } = await repo.conversations.listHeads({ userId, namedIds })
  return heads.find((head) => head.conversationId === conversationId)
}

async function place(userId: string, conversationId: string) {
  const { member } = await repo.conversations.getMembership({ userId, conversationId })
  const { isActive, joinSeq, leaveSeq, readSeq } = member!
  return { isActive, joinSeq, leaveSeq, readSeq }
}

async function unread(group: string) {
  const heads = await Promise.all([ann, bob, eve].map((user) => headOf(user, group)))
  return { ann: heads[0]?.unread, bob: heads[1]?.unread, eve: heads[2]?.unread }
}
