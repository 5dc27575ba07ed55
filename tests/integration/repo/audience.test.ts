import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { change, claim, message, quiet, startRepo, type Conversation, type Owner, type Repo } from './fixture.ts'

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

test('example: a gateway learns where its users are, and later only who has changed', async () => {
  const group = await makeLarge()
  const { places } = await repo.audiences.listLargePlaces({ userIds: [bob, eve] })
  const [known] = places.filter(({ conversationId }) => conversationId === group)
  assert.deepEqual([known!.userId, known!.joinSeq, known!.leaveSeq, known!.memberVersion], [bob, 0, 0, 1])
  await apply({
    conversationId: group,
    entries: [message(ann)], // 3
    outcomes: [quiet(bob, [[bob, false]]), quiet(ann, [[eve, true]], 1)],
  })
  const audience = await read(group, known!.memberVersion)
  assert.deepEqual(audience, { version: 3, isComplete: true, places: [`${bob} 0–2`, `${eve} 3–0`].sort() })
  assert.deepEqual(await read(group, 3), { version: 3, isComplete: true, places: [] })
  assert.deepEqual(await read(group, 2), { version: 3, isComplete: true, places: [`${eve} 3–0`] })
})

test('places are those in conversations that are large or were, of who is in', async () => {
  const [me = ''] = await repo.makeUsers(1)
  const [large, left, direct, back] = await Promise.all([1, 2, 3, 4].map(() => repo.makeGroup([ann, me])))
  for (const group of [large!, left!, back!]) await grow(group)
  await apply({ conversationId: left!, outcomes: [quiet(me, [[me, false]])] })
  await apply({ conversationId: back!, deliveryClass: DeliveryClass.DIRECT, entries: [message(ann)] })
  const { places } = await repo.audiences.listLargePlaces({ userIds: [me, '424242'] })
  assert.deepEqual(
    places.map(({ conversationId, userId }) => [conversationId, userId]).sort(),
    [large, back].sort().map((group) => [group, me]),
    `not ${direct}, nor ${left}`,
  )
  assert.deepEqual((await repo.audiences.listLargePlaces({})).places, [])
})

test('without a version, the named users come, also those that left, and strangers do not', async () => {
  const group = await makeLarge()
  await apply({ conversationId: group, outcomes: [quiet(bob, [[bob, false]])] })
  const named = await read(group, 0, [ann, bob, eve])
  assert.deepEqual(named, { version: 2, isComplete: true, places: [`${ann} 0–0`, `${bob} 0–2`].sort() })
  assert.deepEqual(await read(group, 0), { version: 2, isComplete: true, places: [] })
})

test('who changed several times comes once, as it is now; a kick counts as every change does', async () => {
  const group = await makeLarge()
  await apply({
    conversationId: group,
    outcomes: [quiet(bob, [[bob, false]]), quiet(bob, [[bob, true]])],
    entries: [message(ann), change(ann, 'removed', [[bob, false]])], // 3, 4
  })
  assert.deepEqual(await read(group, 1), { version: 4, isComplete: true, places: [`${bob} 2–4`] })
})

test('changes that are not all on record, too many, or ahead of the database: not complete, and no places', async () => {
  const group = await makeLarge()
  const versions = Array.from({ length: 1_000 }, (_, i) => quiet(bob, [[bob, i % 2 === 1]]))
  await apply({ conversationId: group, outcomes: versions })
  assert.deepEqual(await read(group, 1), { version: 1_001, isComplete: true, places: [`${bob} 2–0`] })
  await apply({ conversationId: group, outcomes: [quiet(eve, [[eve, true]])] })
  const nothing = { version: 1_002, isComplete: false, places: [] }
  assert.deepEqual(await read(group, 1), nothing)
  assert.equal((await read(group, 2)).isComplete, true)
  assert.deepEqual(await read(group, 1_003), nothing)
  await repo.rows(`DELETE FROM member_changes WHERE conversation_id = ${group} AND version = 900`)
  assert.deepEqual(await read(group, 899), nothing)
  assert.equal((await read(group, 900)).isComplete, true)
})

test('read while members change: what is named as complete up to a version holds every change up to it', async () => {
  const users = await repo.makeUsers(8)
  const group = await makeLarge()
  const reading = (async () => {
    for (let since = 1; since <= users.length;) {
      const { memberVersion, isComplete, places } = await repo.audiences.readAudience({
        conversationId: group,
        sinceVersion: since,
      })
      assert.ok(isComplete)
      const changed = users.slice(since - 1, memberVersion - 1)
      const seen = new Set(places.map(({ userId }) => userId))
      for (const userId of changed) assert.ok(seen.has(userId), `${userId} in ${since}–${memberVersion}`)
      since = memberVersion
    }
  })()
  for (const userId of users) await apply({ conversationId: group, outcomes: [quiet(ann, [[userId, true]])] })
  await reading
})

test('of a conversation that does not exist there is no audience', async () => {
  await assert.rejects(repo.audiences.readAudience({ conversationId: '424242' }), { code: 'CONVERSATION_NOT_FOUND' })
})

async function apply(conversation: Conversation): Promise<void> {
  const answer = await owner.append([conversation])
  assert.equal(answer.case, 'applied', JSON.stringify(answer.value))
}

/** Of ann and bob, with two entries. */
async function makeLarge(): Promise<string> {
  const group = await repo.makeGroup([ann, bob])
  await grow(group)
  return group
}

function grow(group: string): Promise<void> {
  return apply({ conversationId: group, deliveryClass: DeliveryClass.LARGE, entries: [message(ann)] })
}

async function read(conversationId: string, sinceVersion: number, userIds: string[] = []) {
  const audience = await repo.audiences.readAudience({ conversationId, sinceVersion, userIds })
  const places = audience.places.map(({ userId, joinSeq, leaveSeq }) => `${userId} ${joinSeq}–${leaveSeq}`)
  return { version: audience.memberVersion, isComplete: audience.isComplete, places: places.sort() }
}
