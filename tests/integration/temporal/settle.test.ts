import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { stage } from '#activities/testing/stage.ts'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { claim, message, startRepo } from '../repo/fixture.ts'

const repo = await startRepo()
after(() => repo[Symbol.asyncDispose]())

/** A large conversation of as many members, with one entry more than its creation. */
async function largeGroup(members: number): Promise<string> {
  const [owner = ''] = await repo.makeUsers(1)
  const conversationId = await repo.makeGroup([owner])
  const others = Array.from({ length: members - 1 }, (_, index) => BigInt(owner) + BigInt(index + 1))
  await repo.rows(`INSERT INTO members (conversation_id, user_id, role, join_seq, read_seq, read_ordinal)
    VALUES ${others.map((userId) => `(${conversationId}, ${userId}, 1, 0, 0, 0)`).join()}`)
  await repo.rows(`UPDATE conversations SET member_count = ${members} WHERE id = ${conversationId}`)
  await using writer = await claim(repo, [0])
  const answer = await writer.append([
    { conversationId, entries: [message(owner)], deliveryClass: DeliveryClass.LARGE },
  ])
  assert.equal(answer.case, 'applied')
  return conversationId
}

function onRepo() {
  const doubles = stage()
  Object.assign(doubles.deps, { fanout: repo.fanouts, messages: repo.messages })
  return doubles
}

test('every member of 3 500 is settled once on MySQL, and a second attempt finds nothing left', async () => {
  const conversationId = await largeGroup(3_500)
  const { run, handed } = onRepo()
  const input = { conversationId, skips: [], parked: [] }
  const { settledSeq, headSeq, lastRound, rounds, members, reason } = await run('settle', input)
  assert.deepEqual(
    { settledSeq, headSeq, rounds, members, reason },
    { settledSeq: 2, headSeq: 2, rounds: 1, members: 3_500, reason: 'idle' },
  )
  assert.equal(lastRound.pushed, 3_500)
  assert.equal(new Set(handed.flatMap(({ userIds }) => userIds)).size, 3_500)
  assert.deepEqual((await run('settle', input)).total, lastRound)
})

test('of two attempts at once only the newer moves the cursor, and every member is counted once', async () => {
  const conversationId = await largeGroup(3_500)
  const older = onRepo()
  const newer = onRepo()
  const input = { conversationId, skips: [], parked: [] }
  let overtaking: ReturnType<typeof newer.run<'settle'>> | undefined
  const hand = async () => {
    overtaking ??= newer.run('settle', input)
    await overtaking
  }
  Object.assign(older.deps, { push: { hand } })
  await assert.rejects(older.run('settle', input), { type: 'FENCED', nonRetryable: false })
  assert.deepEqual((await overtaking)?.total.pushed, 3_500)
})

test('a parked page is counted as parked once its letter is there, and the rest of the round is settled', async () => {
  const conversationId = await largeGroup(2_500)
  const { run, deps } = onRepo()
  let pages = 0
  const first = new Set<string>()
  const hand = async ({ userIds }: { readonly userIds: readonly string[] }) => {
    if ((pages += 1) === 1) first.add(userIds[0]!)
    if (first.has(userIds[0]!)) throw new Error('refused')
  }
  Object.assign(deps, { push: { hand } })
  const { reason, parked, total } = await run('settle', { conversationId, skips: [], parked: [] })
  assert.deepEqual([reason, parked.length, total.parked], ['parked', 1, 0])
  const { settledSeq, lastRound } = await run('settle', { conversationId, skips: [], parked })
  assert.deepEqual([settledSeq, lastRound.parked, lastRound.pushed], [2, 1_000, 1_500])
})
