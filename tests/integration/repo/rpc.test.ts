import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { change, claim, message, startRepo, type Owner, type Repo } from './fixture.ts'

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

test('names that differ in case or by a trailing space are different users; the same bytes are taken', async () => {
  const names = ['Zoë', 'zoë', 'Zoe', 'Zoë ', '`[]\\^{}|', '🙂'.repeat(100)]
  for (const name of names) await createUser(name)
  for (const name of names) {
    await assert.rejects(createUser(name), { code: 'USERNAME_TAKEN' })
    const { user, passwordHash, isAdmin } = await repo.users.getCredentials({ name })
    const found = await repo.users.findUser({ name })
    assert.deepEqual([user!.name, passwordHash, isAdmin, found.user!.id], [name, '$argon2id$secret', false, user!.id])
    assert.ok(Math.abs(user!.createdAtMs - Date.now()) < 60_000)
  }
  await assert.rejects(repo.users.findUser({ name: 'ZOË' }), { code: 'USER_NOT_FOUND' })
  await assert.rejects(repo.users.getCredentials({ name: 'nobody' }), { code: 'USER_NOT_FOUND' })
})

test('an admin is one by the database, and credentials say so', async () => {
  const { user } = await createUser('root')
  await repo.rows(`UPDATE users SET is_admin = 1 WHERE id = ${user!.id}`)
  assert.equal((await repo.users.getCredentials({ name: 'root' })).isAdmin, true)
})

test('of two users created at once under one name, one is made', async () => {
  const ends = await Promise.allSettled([1, 2, 3, 4].map(() => createUser('racer')))
  assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const end of ends)
    if (end.status === 'rejected') assert.equal((end.reason as { code: string }).code, 'USERNAME_TAKEN')
})

test('a profile is changed and read back; ids that nobody has are left out', async () => {
  const { user } = await repo.users.updateProfile({ id: ann, displayName: 'Ann 🙂' })
  assert.equal(user!.displayName, 'Ann 🙂')
  const { users } = await repo.users.getUsers({ ids: [ann, bob, '424242', ann] })
  assert.deepEqual(
    users.map(({ id, displayName }) => [id, displayName === 'Ann 🙂']).sort(),
    [
      [ann, true],
      [bob, false],
    ].sort(),
  )
  await assert.rejects(repo.users.updateProfile({ id: '424242', displayName: 'x' }), { code: 'USER_NOT_FOUND' })
})

test('a pair has one conversation, whoever opens it and however many at once', async () => {
  const opened = await Promise.all(
    Array.from({ length: 12 }, (_, i) => {
      const [creatorId, peerId] = i % 2 === 0 ? [ann, bob] : [bob, ann]
      return repo.conversations.createDirect({ creatorId, peerId, commandId: `open-${i}` })
    }),
  )
  assert.equal(new Set(opened.map(({ conversation }) => conversation!.id)).size, 1)
  assert.equal(opened.filter(({ created }) => created).length, 1)
  const conversationId = opened[0]!.conversation!.id
  assert.deepEqual([opened[0]!.conversation!.memberCount, opened[0]!.conversation!.lastSeq], [2, 1])
  const { entries } = await repo.messages.listEntries({ conversationId, afterSeq: 0, upToSeq: 10 })
  const [entry] = entries
  assert.deepEqual([entries.length, entry!.type, entry!.clientMessageId], [1, 'created', ''])
  const { kind, userIds } = JSON.parse(Buffer.from(entry!.body).toString()) as { kind: string; userIds: string[] }
  assert.deepEqual([kind, userIds.sort()], ['direct', [ann, bob].sort()])
})

test('a direct conversation needs both users, and its command id is for this pair only', async () => {
  const open = (peerId: string, commandId: string) =>
    repo.conversations.createDirect({ creatorId: eve, peerId, commandId })
  await assert.rejects(open('424242', 'd1'), { code: 'USER_NOT_FOUND', details: { userIds: ['424242'] } })
  const first = await open(ann, 'd2')
  assert.equal((await open(ann, 'd2')).conversation!.id, first.conversation!.id)
  await assert.rejects(open(bob, 'd2'), { code: 'IDEMPOTENCY_CONFLICT' })
})

test('a group is made once per command, however many ask at once; other content under the id is a conflict', async () => {
  const wish = { creatorId: ann, commandId: 'g1', name: 'Friends', memberIds: [bob, eve] }
  const made = await Promise.all([0, 1, 2, 3, 4, 5].map(() => repo.groups.createGroup(wish)))
  assert.equal(new Set(made.map(({ conversation }) => conversation!.id)).size, 1)
  assert.equal(made.filter(({ created }) => created).length, 1)
  const again = await repo.groups.createGroup({ ...wish, memberIds: [eve, bob] })
  assert.deepEqual([again.created, again.conversation!.name], [false, 'Friends'])
  await assert.rejects(repo.groups.createGroup({ ...wish, name: 'Foes' }), { code: 'IDEMPOTENCY_CONFLICT' })
  await assert.rejects(repo.groups.createGroup({ ...wish, memberIds: [bob] }), { code: 'IDEMPOTENCY_CONFLICT' })
  const direct = repo.conversations.createDirect({ creatorId: ann, peerId: eve, commandId: 'g1' })
  await assert.rejects(direct, { code: 'IDEMPOTENCY_CONFLICT' })
  assert.equal((await repo.groups.createGroup({ ...wish, creatorId: bob, memberIds: [eve] })).created, true)
  const unknown = repo.groups.createGroup({ ...wish, commandId: 'g2', memberIds: [bob, '77', '78'] })
  await assert.rejects(unknown, { code: 'USER_NOT_FOUND', details: { userIds: ['77', '78'] } })
})

test('members are listed in the order of ids, page by page, former ones left out', async () => {
  const users = await repo.makeUsers(7)
  const group = await repo.makeGroup(users)
  await owner.append([{ conversationId: group, entries: [change(users[0]!, 'removed', [[users[3]!, false]])] }])
  const seen: string[] = []
  for (let hasMore = true; hasMore;) {
    const page = await repo.groups.listMembers({ conversationId: group, limit: 4, afterUserId: seen.at(-1) ?? '' })
    seen.push(...page.members.map(({ userId }) => userId))
    hasMore = page.hasMore
  }
  assert.deepEqual(
    seen,
    users.filter((_, i) => i !== 3).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
  )
})

test('a membership is shown to who is or was in, and to nobody else', async () => {
  const group = await repo.makeGroup([ann, bob])
  const { conversation, member } = await repo.conversations.getMembership({ userId: ann, conversationId: group })
  assert.deepEqual([conversation!.kind, conversation!.name, member!.role, member!.isActive], [2, 'Group', 3, true])
  for (const [userId, conversationId] of [
    [eve, group],
    [ann, '424242'],
  ] as const) {
    const call = repo.conversations.getMembership({ userId, conversationId })
    await assert.rejects(call, { code: 'CONVERSATION_NOT_FOUND' })
  }
})

test('conversations come newest activity first, page by page, each with its last entry and the other user', async () => {
  const [me = '', peer = ''] = await repo.makeUsers(2)
  const groups: string[] = []
  for (let i = 0; i < 5; i += 1) groups.push(await repo.makeGroup([me, peer]))
  const { conversation } = await repo.conversations.createDirect({ creatorId: peer, peerId: me, commandId: 'd' })
  const later = Date.now() + 1_000
  await owner.append([{ conversationId: groups[1]!, entries: [message(peer), message(peer)] }], { createdAtMs: later })
  await owner.append([{ conversationId: groups[3]!, entries: [message(peer)] }], { createdAtMs: later })
  const seen = []
  for (let cursor: string | undefined; cursor !== '';) {
    const page = await repo.conversations.listConversations({ userId: me, limit: 2, cursor: cursor ?? '' })
    seen.push(...page.conversations)
    cursor = page.nextCursor
  }
  const order = seen.map((summary) => summary.conversation!.id)
  assert.deepEqual(order.slice(0, 2), [groups[3], groups[1]])
  assert.deepEqual([...order].sort(), [...groups, conversation!.id].sort())
  assert.deepEqual([seen[1]!.unread, seen[1]!.lastEntry!.seq, seen[1]!.lastEntry!.senderId], [2, 3, peer])
  assert.deepEqual([seen[1]!.peerId, seen.find((s) => s.conversation!.id === conversation!.id)!.peerId], ['', peer])
})

test('heads come in the order of ids, page by page', async () => {
  const [me = '', other = ''] = await repo.makeUsers(2)
  const groups: string[] = []
  for (let i = 0; i < 7; i += 1) groups.push(await repo.makeGroup([other, me]))
  await owner.append([{ conversationId: groups[2]!, entries: [change(me, 'left', [[me, false]]), message(other)] }])
  const seen = []
  for (let hasMore = true, afterId = ''; hasMore; afterId = seen.at(-1)!.conversationId) {
    const page = await repo.conversations.listHeads({ userId: me, namedIds: groups.slice(0, 4), limit: 3, afterId })
    seen.push(...page.heads)
    hasMore = page.hasMore
  }
  assert.deepEqual(
    seen.map(({ conversationId }) => conversationId),
    groups,
  )
  assert.deepEqual([seen[2]!.leaveSeq, seen[2]!.lastSeq, seen[3]!.leaveSeq, seen[3]!.lastSeq], [2, 2, 0, 1])
})

test('entries are a range with a limit', async () => {
  const group = await repo.makeGroup([ann])
  await owner.append([{ conversationId: group, entries: Array.from({ length: 9 }, () => message(ann)) }])
  const list = async (afterSeq: number, upToSeq: number, limit = 0) => {
    const { entries } = await repo.messages.listEntries({ conversationId: group, afterSeq, upToSeq, limit })
    return entries.map(({ seq }) => seq)
  }
  assert.deepEqual(await list(3, 6), [4, 5, 6])
  assert.deepEqual(await list(0, 99, 4), [1, 2, 3, 4])
  assert.deepEqual(await list(10, 99), [])
  assert.deepEqual(await list(6, 3), [])
})

test('states leave out unknown conversations and former members', async () => {
  const group = await repo.makeGroup([ann, bob])
  await owner.append([{ conversationId: group, entries: [change(bob, 'left', [[bob, false]])] }])
  const wishes = [group, '424242'].map((conversationId) => ({ conversationId }))
  const { states } = await repo.conversations.loadStates({ wishes })
  assert.equal(states.length, 1)
  const [state] = states
  assert.deepEqual(
    [state!.conversationId, state!.lastSeq, state!.deliveryClass, state!.members.map((m) => [m.userId, m.role])],
    [group, 2, 1, [[ann, 3]]],
  )
  assert.deepEqual((await repo.conversations.loadStates({})).states, [])
})

test('every bad input is INVALID_ARGUMENT, names its field and writes nothing', async () => {
  const { users, conversations, groups, messages, audiences, fanouts, poison } = repo
  const tooMany = Array.from({ length: 10_001 }, (_, i) => String(i + 1))
  const farTooMany = Array.from({ length: 10 }, () => tooMany).flat()
  const user = { name: 'n', displayName: 'd', passwordHash: 'h' }
  const group = { creatorId: ann, commandId: 'bad-1', name: 'n', memberIds: [bob] }
  const direct = { creatorId: ann, peerId: bob, commandId: 'bad-2' }
  const bound = { partition: 1, logStart: 0, logEnd: 5 }
  const page = { roundSeq: 1, conversationId: '1', epoch: 1, upToUserId: '1' }
  const place = { topic: 'gochat.upstream', partition: 1, offset: 5, index: -1 }
  const cases: [field: string, call: () => Promise<unknown>][] = [
    ['name', () => users.createUser({ ...user, name: '' })],
    ['name', () => users.createUser({ ...user, name: 'x'.repeat(101) })],
    ['display_name', () => users.createUser({ ...user, displayName: '' })],
    ['password_hash', () => users.createUser({ ...user, passwordHash: 'x'.repeat(256) })],
    ['ids', () => users.getUsers({ ids: tooMany })],
    ['ids', () => users.getUsers({ ids: ["1' OR 1=1"] })],
    ['ids', () => users.getUsers({ ids: ['18446744073709551616'] })],
    ['name', () => users.findUser({ name: '' })],
    ['name', () => users.getCredentials({ name: 'x'.repeat(101) })],
    ['id', () => users.updateProfile({ id: '', displayName: 'x' })],
    ['display_name', () => users.updateProfile({ id: ann, displayName: 'x'.repeat(101) })],
    ['creator_id', () => conversations.createDirect({ ...direct, creatorId: '01' })],
    ['peer_id', () => conversations.createDirect({ ...direct, peerId: '-1' })],
    ['peer_id', () => conversations.createDirect({ ...direct, peerId: ann })],
    ['command_id', () => conversations.createDirect({ ...direct, commandId: 'with space' })],
    ['conversation_id', () => conversations.loadStates({ wishes: [{ conversationId: 'x' }] })],
    ['user_ids', () => conversations.loadStates({ wishes: [{ conversationId: '1', userIds: ['x'] }] })],
    ['user_ids', () => conversations.loadStates({ wishes: [{ conversationId: '1', userIds: farTooMany }] })],
    ['wishes', () => conversations.loadStates({ wishes: [{ conversationId: '1' }, { conversationId: '1' }] })],
    ['wishes', () => conversations.loadStates({ wishes: tooMany.map((conversationId) => ({ conversationId })) })],
    ['user_id', () => conversations.getMembership({ userId: 'x', conversationId: '1' })],
    ['conversation_id', () => conversations.getMembership({ userId: ann, conversationId: '' })],
    ['user_id', () => conversations.listConversations({})],
    ['limit', () => conversations.listConversations({ userId: ann, limit: 101 })],
    ['cursor', () => conversations.listConversations({ userId: ann, cursor: '1 OR 1' })],
    ['user_id', () => conversations.listHeads({})],
    ['named_ids', () => conversations.listHeads({ userId: ann, namedIds: tooMany })],
    ['limit', () => conversations.listHeads({ userId: ann, limit: 501 })],
    ['after_id', () => conversations.listHeads({ userId: ann, afterId: 'x' })],
    ['creator_id', () => groups.createGroup({ ...group, creatorId: '' })],
    ['command_id', () => groups.createGroup({ ...group, commandId: 'x'.repeat(65) })],
    ['name', () => groups.createGroup({ ...group, name: '' })],
    ['member_ids', () => groups.createGroup({ ...group, memberIds: tooMany })],
    ['member_ids', () => groups.createGroup({ ...group, memberIds: [ann] })],
    ['conversation_id', () => groups.listMembers({})],
    ['limit', () => groups.listMembers({ conversationId: '1', limit: 1_001 })],
    ['after_user_id', () => groups.listMembers({ conversationId: '1', afterUserId: '1e3' })],
    ['conversation_id', () => messages.listEntries({ conversationId: '0' })],
    ['limit', () => messages.listEntries({ conversationId: '1', limit: 101 })],
    ['owner', () => messages.claimPartitions({ owner: '', partitions: [bound] })],
    ['partitions', () => messages.claimPartitions({ owner: 'o', partitions: [{ ...bound, logEnd: Number.NaN }] })],
    ['partitions', () => messages.claimPartitions({ owner: 'o', partitions: [{ ...bound, logStart: 6 }] })],
    ['partitions', () => messages.claimPartitions({ owner: 'o', partitions: [bound, bound] })],
    ['user_ids', () => audiences.listLargePlaces({ userIds: tooMany })],
    ['conversation_id', () => audiences.readAudience({ conversationId: 'x' })],
    ['user_ids', () => audiences.readAudience({ conversationId: '1', userIds: ['x'] })],
    ['conversation_id', () => fanouts.claimCursor({})],
    ['conversation_id', () => fanouts.getCursor({ conversationId: '01' })],
    ['epoch', () => fanouts.beginRound({ conversationId: '1', roundSeq: 1 })],
    ['round_seq', () => fanouts.beginRound({ conversationId: '1', epoch: 1 })],
    ['limit', () => fanouts.listPage({ conversationId: '1', limit: 1_001 })],
    ['up_to_user_id', () => fanouts.listPage({ conversationId: '1', upToUserId: 'x' })],
    ['epoch', () => fanouts.settlePage({ ...page, epoch: 1.5 })],
    ['round_seq', () => fanouts.settlePage({ ...page, roundSeq: 0 })],
    ['up_to_user_id', () => fanouts.settlePage({ ...page, afterUserId: '10', upToUserId: '9' })],
    ['up_to_user_id', () => fanouts.settlePage({ ...page, afterUserId: '9', upToUserId: '9' })],
    ['outcomes', () => fanouts.settlePage({ ...page, outcomes: { muted: -1 } })],
    ['outcomes', () => fanouts.settlePage({ ...page, outcomes: { live: Number.NaN } })],
    ['limit', () => fanouts.listBehind({ limit: 1_001 })],
    ['place', () => poison.getPoison({})],
    ['topic', () => poison.getPoison({ place: { ...place, topic: "x'" } })],
    ['offset', () => poison.dropPoison({ place: { ...place, offset: -1 } })],
    ['index', () => poison.dropPoison({ place: { ...place, index: -2 } })],
    ['value', () => poison.keepPoison({ copies: [{ place, value: Buffer.alloc(1024 * 1024 + 1) }] })],
    ['copies', () => poison.keepPoison({ copies: Array.from({ length: 101 }, () => ({ place })) })],
  ]
  const before = await counts()
  for (const [field, call] of cases) {
    await assert.rejects(call, { code: 'INVALID_ARGUMENT', details: { field } }, `${field}: ${String(call)}`)
  }
  assert.deepEqual(await counts(), before)
})

function createUser(name: string) {
  return repo.users.createUser({ name, displayName: 'Display', passwordHash: '$argon2id$secret' })
}

function counts() {
  return repo.rows(`SELECT (SELECT COUNT(*) FROM users) u, (SELECT COUNT(*) FROM conversations) c,
    (SELECT COUNT(*) FROM members) m, (SELECT COUNT(*) FROM upstream_owners) o, (SELECT COUNT(*) FROM poison_copies) p`)
}
