import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { AppError } from '#infra/errors/index.ts'
import { metricValue, waitFor } from '#infra/testing/index.ts'
import { audienceStage, type StageOptions } from '../testing/audience-stage.ts'

let stage: ReturnType<typeof audienceStage>
afterEach(() => stage.audiences[Symbol.asyncDispose]())

function setUp(options: StageOptions = {}) {
  stage = audienceStage(options)
  const refreshes = () => stage.members.questions.filter((question) => question.startsWith('refresh'))
  return { ...stage, refreshes }
}

test('example: an entry reaches the members that are here, but for the socket that has its ack; all get the same bytes', async () => {
  const { members, enter, deliver, settled, refreshes } = setUp()
  members.join('7', 'ann', 0)
  const version = members.join('7', 'bob', 0)
  const [ann, annToo, bob, eve] = [await enter('ann'), await enter('ann'), await enter('bob'), await enter('eve')]
  deliver('7', 1, version, ann.connection.number)
  await settled()
  deliver('7', 2, version)
  assert.deepEqual([ann.seqs(), annToo.seqs(), bob.seqs(), eve.seqs()], [[2], [1, 2], [1, 2], []])
  assert.equal(bob.socket.writes.at(-1), annToo.socket.writes.at(-1))
  assert.deepEqual(refreshes(), ['refresh 7 since 0 of ann,bob,eve'])
})

test('a newer version is learned before its entry is handed out; order holds, and other conversations do not wait', async () => {
  const { members, enter, deliver, settled } = setUp()
  const first = members.join('7', 'ann', 0)
  const other = members.join('8', 'ann', 0)
  const [ann, bob] = [await enter('ann'), await enter('bob')]
  deliver('7', 1, first)
  deliver('8', 1, other)
  await settled()
  const held = members.hold()
  const second = members.join('7', 'bob', 1)
  deliver('7', 2, second)
  deliver('7', 3, first)
  deliver('8', 2, other)
  assert.deepEqual(ann.seqs(), [1, 1, 2])
  await settled()
  assert.deepEqual(
    held.map(({ question }) => question),
    [`refresh 7 since ${first} of `],
  )
  held[0]!.release()
  await settled()
  assert.deepEqual(
    [ann.seqs(), bob.seqs()],
    [
      [1, 1, 2, 2, 3],
      [2, 3],
    ],
  )
})

test('a kick right behind a message: the kicked gets both, and nothing later', async () => {
  const { members, enter, deliver, settled } = setUp()
  members.join('7', 'ann', 0)
  const before = members.join('7', 'bob', 0)
  const [ann, bob] = [await enter('ann'), await enter('bob')]
  deliver('7', 1, before)
  await settled()
  const after = members.leave('7', 'bob', 3)
  deliver('7', 2, before)
  deliver('7', 3, after)
  deliver('7', 4, after)
  await settled()
  deliver('7', 5, after)
  assert.deepEqual(
    [ann.seqs(), bob.seqs()],
    [
      [1, 2, 3, 4, 5],
      [1, 2, 3],
    ],
  )
})

test('who joins sees what lies behind its join, and nothing before', async () => {
  const { members, enter, deliver, settled } = setUp()
  const before = members.join('7', 'ann', 0)
  const bob = await enter('bob')
  const after = members.join('7', 'bob', 2)
  deliver('7', 2, before)
  deliver('7', 3, after)
  deliver('7', 4, after)
  await settled()
  assert.deepEqual(bob.seqs(), [3, 4])
})

test('who logs in while an audience is learned is learned too, before anything is handed out', async () => {
  const { members, enter, open, deliver, settled } = setUp()
  members.join('7', 'ann', 0)
  const version = members.join('7', 'bob', 0)
  const ann = await enter('ann')
  const held = members.hold()
  deliver('7', 1, version)
  await settled()
  const bob = open('bob')
  await settled()
  held.find(({ question }) => question === 'find bob')!.release()
  await bob.entered
  held[0]!.release()
  await settled()
  assert.deepEqual([held[0]!.question, ann.seqs(), bob.seqs()], ['refresh 7 since 0 of bob', [], []])
  held[0]!.release()
  await settled()
  assert.deepEqual([ann.seqs(), bob.seqs()], [[1], [1]])
})

test('a login found before a kick, and told after it was learned, does not bring the kicked back', async () => {
  const { members, enter, open, deliver, settled } = setUp()
  members.join('7', 'ann', 0)
  const before = members.join('7', 'bob', 0)
  const ann = await enter('ann')
  const held = members.hold()
  const bob = open('bob')
  await settled()
  held[0]!.read()
  const after = members.leave('7', 'bob', 1)
  assert.ok(after > before)
  deliver('7', 2, after)
  await settled()
  held.find(({ question }) => question.startsWith('refresh'))!.release()
  await settled()
  held.find(({ question }) => question === 'find bob')!.release()
  await settled()
  while (held.length > 0) {
    held[0]!.release()
    await settled()
  }
  deliver('7', 3, after)
  assert.deepEqual([ann.seqs(), bob.seqs()], [[2, 3], []])
})

test('the first user comes while a gateway without users asks: a kick between two answers does not leave it in', async () => {
  const { members, open, deliver, settled } = setUp()
  const before = members.join('7', 'bob', 0)
  const held = members.hold()
  deliver('7', 1, before)
  await settled()
  const bob = open('bob')
  await settled()
  const [refresh, find] = held
  find!.read()
  const after = members.leave('7', 'bob', 1)
  find!.release()
  await bob.entered
  refresh!.release()
  await settled()
  while (held.length > 0) {
    held[0]!.release()
    await settled()
  }
  deliver('7', 2, after)
  assert.deepEqual(bob.seqs(), [1])
})

test('an answer to an earlier stay is dropped: who was kicked while away gets nothing when it returns', async () => {
  const { members, enter, open, deliver, settled } = setUp()
  members.join('7', 'ann', 0)
  const before = members.join('7', 'bob', 0)
  const ann = await enter('ann')
  deliver('7', 1, before)
  await settled()
  const held = members.hold()
  const first = open('bob')
  await settled()
  held[0]!.read()
  first.leave()
  const after = members.leave('7', 'bob', 1)
  deliver('7', 2, after)
  await settled()
  held.find(({ question }) => question.startsWith('refresh'))!.release()
  await settled()
  const second = open('bob')
  while (held.length > 0) {
    held[0]!.release()
    await settled()
  }
  await second.entered
  deliver('7', 3, after)
  assert.deepEqual([ann.seqs(), second.seqs()], [[1, 2, 3], []])
})

test('places go with the last socket, not before, and a login asks for them anew', async () => {
  const { members, enter, deliver, settled } = setUp()
  const version = members.join('7', 'ann', 0)
  const [phone, laptop] = [await enter('ann'), await enter('ann')]
  deliver('7', 1, version)
  await settled()
  phone.leave()
  deliver('7', 2, version)
  laptop.leave()
  deliver('7', 3, version)
  const back = await enter('ann')
  deliver('7', 4, version)
  assert.deepEqual([phone.seqs(), laptop.seqs(), back.seqs()], [[1], [1, 2], [4]])
  assert.deepEqual(
    members.questions.filter((question) => question.startsWith('find')),
    ['find ann', 'find ann'],
  )
})

test('too many changes to list: everybody here is learned anew', async () => {
  const { members, enter, deliver, settled, refreshes } = setUp()
  const first = members.join('7', 'ann', 0)
  const [ann, bob] = [await enter('ann'), await enter('bob')]
  deliver('7', 1, first)
  await settled()
  members.maxChanges = 0
  const second = members.join('7', 'bob', 1)
  deliver('7', 2, second)
  await settled()
  assert.deepEqual([ann.seqs(), bob.seqs()], [[1, 2], [2]])
  assert.deepEqual(refreshes().slice(1), [`refresh 7 since ${first} of `, 'refresh 7 since 0 of ann,bob'])
})

test('a jump of seqs: the conversation may have been direct when users logged in, so everybody is learned anew', async () => {
  const { members, enter, deliver, settled, refreshes } = setUp()
  const version = members.join('7', 'ann', 0)
  const ann = await enter('ann')
  deliver('7', 1, version)
  await settled()
  deliver('7', 5, version)
  await settled()
  assert.deepEqual(ann.seqs(), [1, 5])
  assert.equal(refreshes().length, 2)
})

test('many users are asked for a thousand at a time', async () => {
  const { members, enter, deliver, settled, refreshes } = setUp()
  const userIds = Array.from({ length: 2100 }, (_, index) => `u${index}`)
  let version = 0
  for (const userId of userIds) version = members.join('7', userId, 0)
  const clients = await Promise.all(userIds.map(enter))
  deliver('7', 1, version)
  await settled()
  assert.ok(clients.every((client) => client.seqs().length === 1))
  assert.deepEqual(
    refreshes().map((question) => question.split(',').length),
    [1000, 1000, 100],
  )
})

test('a storm of logins becomes a few questions', async () => {
  const { members, enter } = setUp()
  await Promise.all(Array.from({ length: 1101 }, (_, index) => enter(`u${index}`)))
  assert.deepEqual(
    members.questions.map((question) => question.split(',').length),
    [1, 500, 500, 100],
  )
})

test('logic away at a login: the socket is let in, found at a later tick, and told to sync', async () => {
  const { members, audiences, missed, enter, deliver, settled } = setUp()
  members.join('7', 'ann', 0)
  const version = members.join('7', 'bob', 0)
  const ann = await enter('ann')
  deliver('7', 1, version)
  await settled()
  members.failWith(new AppError('UNAVAILABLE'))
  const bob = await enter('bob')
  audiences.tick()
  await settled()
  deliver('7', 2, version)
  assert.deepEqual([ann.seqs(), bob.seqs(), missed], [[1, 2], [], []])
  members.failWith(undefined)
  audiences.tick()
  await settled()
  deliver('7', 3, version)
  assert.deepEqual([bob.seqs(), missed], [[3], ['bob']])
})

test('a refresh that fails is tried again; nothing is lost', async () => {
  const { members, enter, deliver, settled } = setUp()
  const version = members.join('7', 'ann', 0)
  const ann = await enter('ann')
  members.failWith(new AppError('UNAVAILABLE'))
  deliver('7', 1, version)
  deliver('7', 2, version)
  await settled()
  assert.deepEqual(ann.seqs(), [])
  members.failWith(undefined)
  await waitFor(() => ann.seqs().length === 2, { what: 'both entries' })
  assert.deepEqual(ann.seqs(), [1, 2])
})

test('what cannot be learned in time is dropped, never called heard, and its members are told to sync; later it is learned again', async () => {
  const { members, marks, missed, enter, deliver, settled } = setUp({ patienceMs: 30 })
  const version = members.join('7', 'ann', 0)
  const [ann, bob] = [await enter('ann'), await enter('bob')]
  deliver('7', 1, version)
  await settled()
  members.failWith(new AppError('UNAVAILABLE'))
  deliver('7', 2, members.join('7', 'carol', 1))
  await waitFor(() => missed.length > 0, { what: 'a sync' })
  assert.deepEqual(missed, ['ann'])
  deliver('7', 3, version)
  await waitFor(() => missed.length > 1, { what: 'a sync of everybody' })
  assert.deepEqual(missed, ['ann', 'everybody'])
  members.failWith(undefined)
  deliver('7', 4, version)
  await settled()
  assert.deepEqual([ann.seqs(), bob.seqs()], [[1, 4], []])
  await waitFor(async () => (await marks.read('7')).get('1.10')?.fromSeq === 4, { what: 'the mark' })
})

test('a conversation that nobody knows is given up at once', async () => {
  const { missed, enter, deliver, settled } = setUp()
  await enter('ann')
  deliver('404', 1, 2)
  await settled()
  assert.deepEqual(missed, ['everybody'])
})

test('too much parked, of one conversation or of all: dropped, and told to sync; the rest waits on', async () => {
  const bounds = { parkedEntries: 2, allParkedBytes: 250 }
  const { members, metrics, missed, enter, deliver, settled } = setUp({ bounds })
  for (const id of ['7', '8', '9']) members.join(id, 'ann', 0)
  const ann = await enter('ann')
  const held = members.hold()
  const parked = () => metricValue(metrics, 'gochat_gateway_audience_parked')
  for (const seq of [1, 2]) deliver('7', seq, 2)
  assert.deepEqual([await parked(), missed], [2, []])
  deliver('7', 3, 2)
  assert.deepEqual([await parked(), missed], [0, ['everybody']])
  for (const id of ['8', '9']) for (const seq of [1, 2]) deliver(id, seq, 2)
  await settled()
  deliver('8', 3, 2)
  assert.deepEqual([await parked(), missed.length], [2, 2])
  while (held.length > 0) {
    held[0]!.release()
    await settled()
  }
  assert.deepEqual([ann.seqs(), await parked()], [[1, 2], 0])
})

test('the audience without entries for the longest time goes when there are too many', async () => {
  const { members, metrics, enter, deliver, settled, refreshes } = setUp({ bounds: { audiences: 2 } })
  const versions = ['7', '8', '9'].map((id) => members.join(id, 'ann', 0))
  const ann = await enter('ann')
  for (const [index, id] of ['7', '8', '7', '9', '7'].entries()) {
    deliver(id, index + 1, versions[0]!)
    await settled()
  }
  assert.equal(await metricValue(metrics, 'gochat_gateway_audiences'), 2)
  assert.equal(refreshes().filter((question) => question.startsWith('refresh 8')).length, 1)
  deliver('8', 6, versions[1]!)
  await settled()
  assert.equal(refreshes().filter((question) => question.startsWith('refresh 8')).length, 2)
  assert.deepEqual(ann.seqs(), [1, 2, 3, 4, 5, 6])
})

test('what was heard is not handed out again, until it is forgotten', async () => {
  const { members, audiences, enter, deliver, settled } = setUp()
  const version = members.join('7', 'ann', 0)
  const ann = await enter('ann')
  for (const seq of [1, 2, 1, 2, 3]) deliver('7', seq, version)
  await settled()
  deliver('7', 2, version)
  assert.deepEqual(ann.seqs(), [1, 2, 3])
  audiences.forgetHeard()
  deliver('7', 3, version)
  assert.deepEqual(ann.seqs(), [1, 2, 3, 3])
})
