import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { claim, message, quiet, startRepo, type Conversation, type Owner, type Repo } from './fixture.ts'

let repo: Repo
let owner: Owner
/** In the order of their ids. */
let users: string[]

before(async () => {
  repo = await startRepo()
  owner = await claim(repo, [0])
  users = (await repo.makeUsers(7)).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
})
after(() => repo?.[Symbol.asyncDispose]())

test('example: a round counts its pages, ends, and leaves what it was as the last one and in the total', async () => {
  const group = await makeLarge() // settled 1, head 2
  const claimed = await claimCursor(group)
  assert.deepEqual([claimed.epoch, claimed.settledSeq, claimed.headSeq, claimed.memberCount], [1, 1, 2, 7])
  const begun = await begin(group, 1, 2)
  assert.deepEqual([begun.roundSeq, begun.afterUserId], [2, ''])
  await settle(group, { epoch: 1, upToUserId: users[2]!, outcomes: { live: 2, muted: 1 } })
  const { cursor } = await repo.fanouts.getCursor({ conversationId: group })
  assert.deepEqual([cursor!.afterUserId, cursor!.round!.live, cursor!.total!.live], [users[2], 2, 0])
  await settle(group, {
    epoch: 1,
    afterUserId: users[2]!,
    isLast: true,
    outcomes: { live: 1, repaired: 1, pushed: 1, parked: 1 },
  })
  const done = await getCursor(group)
  assert.deepEqual([done.settledSeq, done.roundSeq, done.afterUserId, done.rounds], [2, 0, '', 1])
  assert.deepEqual(counts(done.round), [0, 0, 0, 0, 0, 0])
  assert.deepEqual(counts(done.lastRound), [3, 1, 1, 1, 1, 0])

  await apply({ conversationId: group, entries: [message(users[0]!)] })
  await begin(group, 1, 3)
  await settle(group, { epoch: 1, isLast: true, outcomes: { live: 6, skipped: 1 } })
  const second = await getCursor(group)
  assert.deepEqual([second.settledSeq, second.rounds], [3, 2])
  assert.deepEqual(counts(second.lastRound), [6, 0, 0, 0, 0, 1])
  assert.deepEqual(counts(second.total), [9, 1, 1, 1, 1, 1])
})

test('the first page of a round that has ended does not count in the next one', async () => {
  const group = await makeLarge()
  const { epoch } = await claimCursor(group)
  await begin(group, epoch, 2)
  await settle(group, { epoch, roundSeq: 2, isLast: true, outcomes: { live: 7 } })
  await apply({ conversationId: group, entries: [message(users[0]!)] })
  await begin(group, epoch, 3)
  const late = { epoch, roundSeq: 2, upToUserId: users[1]!, outcomes: { live: 2 } }
  await assert.rejects(settle(group, late), { code: 'FENCED' })
  await settle(group, { ...late, roundSeq: 3 })
})

test('of two that claim, only the newer can begin a round and move', async () => {
  const group = await makeLarge()
  const older = await claimCursor(group)
  await begin(group, older.epoch, 2)
  const newer = await claimCursor(group)
  assert.equal(newer.epoch, older.epoch + 1)
  assert.equal(newer.roundSeq, 2, 'an open round goes on')
  const page = { upToUserId: users[1]!, outcomes: { live: 2 } }
  await assert.rejects(settle(group, { ...page, epoch: older.epoch }), { code: 'FENCED' })
  await assert.rejects(begin(group, older.epoch, 2), { code: 'FENCED' })
  await settle(group, { ...page, epoch: newer.epoch })
  assert.deepEqual(counts((await getCursor(group)).round), [2, 0, 0, 0, 0, 0])
})

test('claims at once get an epoch each', async () => {
  const group = await makeLarge()
  const claims = await Promise.all(Array.from({ length: 8 }, () => claimCursor(group)))
  assert.deepEqual(claims.map(({ epoch }) => epoch).sort(), [1, 2, 3, 4, 5, 6, 7, 8])
})

test('a page is counted once, however often and however many at once it is sent', async () => {
  const group = await makeLarge()
  const { epoch } = await claimCursor(group)
  await begin(group, epoch, 2)
  const first = { epoch, upToUserId: users[3]!, outcomes: { pushed: 4 } }
  const ends = await Promise.allSettled([0, 1, 2, 3, 4].map(() => settle(group, first)))
  assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1)
  await assert.rejects(settle(group, first), { code: 'FENCED' })
  const last = { epoch, afterUserId: users[3]!, isLast: true, outcomes: { pushed: 3 } }
  await settle(group, last)
  await assert.rejects(settle(group, last), { code: 'FENCED' })
  await assert.rejects(settle(group, { ...first, isLast: true }), { code: 'FENCED' }, 'no round is open')
  const { total, rounds } = await getCursor(group)
  assert.deepEqual([counts(total), rounds], [[0, 0, 7, 0, 0, 0], 1])
})

test('a round is begun to a head, once, and only when there is something to settle', async () => {
  const group = await makeLarge()
  const { epoch } = await claimCursor(group)
  await assert.rejects(begin(group, epoch, 3), { code: 'INVALID_ARGUMENT', details: { field: 'round_seq' } })
  assert.equal((await begin(group, epoch, 1)).roundSeq, 0)
  await begin(group, epoch, 2)
  await settle(group, { epoch, upToUserId: users[0]!, outcomes: { live: 1 } })
  await apply({ conversationId: group, entries: [message(users[0]!)] })
  const { roundSeq, afterUserId } = await begin(group, epoch, 3)
  assert.deepEqual([roundSeq, afterUserId], [2, users[0]])
})

test('pages hold, in the order of ids, who sees anything of the range, and who wants no push', async () => {
  const [owns = '', early = '', late = '', passing = '', mute = '', mentions = '', away = ''] = users
  const group = await repo.makeGroup([owns, early, mute, mentions])
  await apply({ conversationId: group, deliveryClass: DeliveryClass.LARGE, entries: messages(3) }) // 2–4
  await apply({ conversationId: group, outcomes: [quiet(early, [[early, false]])], entries: messages(2) }) // left at 4; 5, 6
  await apply({
    conversationId: group,
    outcomes: [quiet(late, [[late, true]]), quiet(passing, [[passing, true]]), quiet(passing, [[passing, false]])], // at 6
    entries: messages(2), // 7, 8
  })
  await repo.rows(`UPDATE members SET notify = 2 WHERE conversation_id = ${group} AND user_id = ${mentions}`)
  await repo.rows(`UPDATE members SET notify = 3 WHERE conversation_id = ${group} AND user_id = ${mute}`)
  const always = [owns, `${mute} quiet`, `${mentions} quiet`]
  for (const [fromSeq, toSeq, others] of [
    [1, 8, [early, late]],
    [3, 6, [early]],
    [4, 6, []],
    [5, 7, [late]],
    [7, 8, [late]],
  ] as const) {
    const { members, hasMore } = await repo.fanouts.listPage({ conversationId: group, fromSeq, toSeq })
    const listed = members.map(({ userId, isQuiet }) => (isQuiet ? `${userId} quiet` : userId))
    assert.deepEqual(new Set(listed), new Set([...always, ...others]), `${fromSeq}–${toSeq}`)
    assert.deepEqual([listed.length, hasMore], [3 + others.length, false])
  }
  assert.ok(!users.slice(0, 6).includes(away))
})

test('pages go on behind the last user, and end at a bound', async () => {
  const group = await makeLarge()
  const seen: string[] = []
  for (let hasMore = true; hasMore;) {
    const page = await listPage(group, { afterUserId: seen.at(-1) ?? '', limit: 3 })
    seen.push(...page.members.map(({ userId }) => userId))
    hasMore = page.hasMore
  }
  assert.deepEqual(seen, users)
  const bounded = await listPage(group, { afterUserId: users[1]!, upToUserId: users[3]!, limit: 3 })
  assert.deepEqual([bounded.members.map(({ userId }) => userId), bounded.hasMore], [[users[2], users[3]], false])
})

test('what is behind its head is listed, page by page; what is settled, or was never large, is not', async () => {
  const [behind, settled, shrunk] = [await makeLarge(), await makeLarge(), await makeLarge()]
  const { epoch } = await claimCursor(settled)
  await begin(settled, epoch, 2)
  await settle(settled, { epoch, isLast: true, outcomes: {} })
  await apply({ conversationId: shrunk, entries: messages(1) }) // 3
  await apply({ conversationId: shrunk, deliveryClass: DeliveryClass.DIRECT, entries: messages(2) }) // 4, 5
  await repo.makeGroup(users)
  const found = new Map<string, [number, number]>()
  for (let hasMore = true, afterId = ''; hasMore;) {
    const page = await repo.fanouts.listBehind({ afterId, limit: 1 })
    for (const { conversationId, settledSeq, headSeq } of page.behind) found.set(conversationId, [settledSeq, headSeq])
    hasMore = page.hasMore
    afterId = page.behind.at(-1)?.conversationId ?? ''
  }
  assert.deepEqual([found.get(behind), found.get(settled), found.get(shrunk)], [[1, 2], undefined, [1, 3]])
})

test('what was never large has no cursor', async () => {
  const group = await repo.makeGroup(users)
  for (const conversationId of [group, '424242']) {
    await assert.rejects(claimCursor(conversationId), { code: 'CONVERSATION_NOT_FOUND' })
    await assert.rejects(getCursor(conversationId), { code: 'CONVERSATION_NOT_FOUND' })
    await assert.rejects(begin(conversationId, 1, 1), { code: 'CONVERSATION_NOT_FOUND' })
  }
})

async function apply(conversation: Conversation): Promise<void> {
  const answer = await owner.append([conversation])
  assert.equal(answer.case, 'applied', JSON.stringify(answer.value))
}

function messages(count: number) {
  return Array.from({ length: count }, () => message(users[0]!))
}

/** Of all, with two entries; the second is the first that is to be settled. */
async function makeLarge(): Promise<string> {
  const group = await repo.makeGroup(users)
  await apply({ conversationId: group, deliveryClass: DeliveryClass.LARGE, entries: messages(1) })
  return group
}

async function claimCursor(conversationId: string) {
  return (await repo.fanouts.claimCursor({ conversationId })).cursor!
}

async function getCursor(conversationId: string) {
  return (await repo.fanouts.getCursor({ conversationId })).cursor!
}

async function begin(conversationId: string, epoch: number, roundSeq: number) {
  return (await repo.fanouts.beginRound({ conversationId, epoch, roundSeq })).cursor!
}

/** Of the open round, unless another is named. */
async function settle(conversationId: string, page: Omit<Parameters<Repo['fanouts']['settlePage']>[0], '$typeName'>) {
  const roundSeq = page.roundSeq ?? ((await getCursor(conversationId)).roundSeq || 1)
  return repo.fanouts.settlePage({ conversationId, ...page, roundSeq })
}

function listPage(conversationId: string, page: { afterUserId: string; upToUserId?: string; limit: number }) {
  return repo.fanouts.listPage({ conversationId, fromSeq: 1, toSeq: 2, ...page })
}

function counts(outcomes: Awaited<ReturnType<typeof getCursor>>['total']): number[] {
  const { live, repaired, pushed, muted, parked, skipped } = outcomes!
  return [live, repaired, pushed, muted, parked, skipped]
}
