import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApplicationFailure } from '@temporalio/common'
import { sleep } from '#infra/lifecycle/index.ts'
import { metricValue, waitFor } from '#infra/testing/index.ts'
import { gatewayOne, gatewayTwo, stage, type StageOptions } from '../testing/stage.ts'

const input = { conversationId: '100', skips: [], parked: [] }

function membersOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({ userId: `${100_000 + index}` }))
}

/** Gateway 1 has heard everything. */
async function settling(options: StageOptions) {
  const doubles = stage({ places: [gatewayOne], ...options })
  await doubles.heard.put(gatewayOne, new Map([['100', { fromSeq: 1, upToSeq: 1_000 }]]))
  return doubles
}

test('example: every member has one outcome, and the cursor is at the head', async () => {
  const members = [
    { userId: '1' },
    { userId: '2' },
    { userId: '3' },
    { userId: '4', isQuiet: true },
    { userId: '5', isQuiet: true },
    { userId: '6', joinSeq: 7 },
  ]
  const { run, routes, handed, fanout, metrics } = await settling({
    members,
    headSeq: 7,
    places: [gatewayOne, gatewayTwo],
  })
  await routes.put(
    gatewayOne,
    new Map([
      ['1', [9]],
      ['4', [8]],
    ]),
  )
  await routes.put(gatewayTwo, new Map([['2', [3]]]))

  const { lastRound, settledSeq, headSeq, rounds, reason } = await run('settle', input)
  assert.deepEqual({ settledSeq, headSeq, rounds, reason }, { settledSeq: 7, headSeq: 7, rounds: 1, reason: 'idle' })
  // Gateway 2 is silent, and who joined at the head sees nothing of it.
  assert.deepEqual(lastRound, { live: 2, repaired: 0, pushed: 2, muted: 1, parked: 0, skipped: 0 })
  assert.deepEqual(handed, [{ conversationId: '100', fromSeq: 0, toSeq: 7, userIds: ['2', '3'] }])
  assert.equal(fanout.cursor.settledSeq, 7)
  assert.equal(await metricValue(metrics, 'gochat_fanout_settled_total', { outcome: 'pushed' }), 2)
})

test('members on a gateway that was sent the range again are repaired, a better route wins', async () => {
  const { run, routes, deps, heard } = await settling({
    members: membersOf(2),
    headSeq: 5,
    places: [gatewayOne, gatewayTwo],
  })
  await routes.put(
    gatewayTwo,
    new Map([
      ['100000', [1]],
      ['100001', [2]],
    ]),
  )
  await routes.put(gatewayOne, new Map([['100001', [3]]]))
  const { transport } = deps
  const send = async (records: Parameters<typeof transport.send>[0]) => {
    await heard.put(gatewayTwo, new Map([['100', { fromSeq: 1, upToSeq: 5 }]]))
    return transport.send(records)
  }
  Object.assign(deps, { transport: { send } })
  const { lastRound } = await run('settle', input)
  assert.deepEqual(lastRound, { live: 1, repaired: 1, pushed: 0, muted: 0, parked: 0, skipped: 0 })
})

test('pages are counted in order, once each, and the activity beats at each of them', async () => {
  const { run, fanout, newEnvironment } = await settling({ members: membersOf(4_500), headSeq: 3 })
  const environment = newEnvironment()
  const beats: { afterUserId: string }[] = []
  environment.on('heartbeat', (details: { afterUserId: string }) => beats.push(details))
  const result = await run('settle', input, environment)
  assert.deepEqual(
    fanout.settled.map(({ upToUserId, outcomes }) => [upToUserId, outcomes.pushed]),
    [
      ['100999', 1000],
      ['101999', 1000],
      ['102999', 1000],
      ['103999', 1000],
      ['104499', 500],
    ],
  )
  assert.equal(result.lastRound.pushed, 4_500)
  assert.ok(result.membersPerSecond > 0)
  assert.ok(fanout.settled.every(({ upToUserId }) => beats.some((beat) => beat.afterUserId === upToUserId)))
})

test('entries that come meanwhile are a round of their own, also while it lingers', async () => {
  const { run, fanout } = await settling({ members: membersOf(3), headSeq: 3, pace: { lingerMs: 200 } })
  setTimeout(() => (fanout.cursor.headSeq = 8), 40)
  const result = await run('settle', input)
  assert.deepEqual(
    fanout.settled.map(({ fromSeq, toSeq }) => [fromSeq, toSeq]),
    [
      [0, 3],
      [3, 8],
    ],
  )
  assert.deepEqual([result.rounds, result.total.pushed, result.reason], [2, 6, 'idle'])
})

test('it is marked while it works, and looks once more when the mark is gone', async () => {
  const { run, fanout, deps, settling: marks } = await settling({ members: membersOf(3), headSeq: 3 })
  const isMarked = async () => (await marks.marked(['100'])).has('100')
  let clears = 0
  const clear = async (conversationId: string) => {
    assert.ok(await isMarked())
    clears += 1
    await marks.clear(conversationId)
    // Its poke was left out because of the mark.
    if (clears === 1) fanout.cursor.headSeq = 4
  }
  Object.assign(deps, { settling: { ...marks, clear } })
  const result = await run('settle', input)
  assert.deepEqual([result.settledSeq, clears, await isMarked()], [4, 2, false])
})

test('skipped entries are rounds in which nobody is pushed', async () => {
  const { run, handed, fanout } = await settling({ members: membersOf(3), headSeq: 9 })
  const { total } = await run('settle', { ...input, skips: [{ fromSeq: 4, toSeq: 6 }] })
  assert.deepEqual(
    fanout.settled.map(({ fromSeq, toSeq, outcomes }) => [fromSeq, toSeq, outcomes.pushed, outcomes.skipped]),
    [
      [0, 3, 3, 0],
      [3, 6, 0, 3],
      [6, 9, 3, 0],
    ],
  )
  assert.deepEqual(
    handed.map(({ fromSeq }) => fromSeq),
    [0, 6],
  )
  assert.equal(total.skipped, 3)
})

test('an attempt that has been overtaken counts nothing more', async () => {
  const { run, fanout } = await settling({ members: membersOf(3_000), headSeq: 3 })
  fanout.beforeSettle = () => {
    if (fanout.settled.length === 1) fanout.cursor.epoch += 1
  }
  await assert.rejects(run('settle', input), { type: 'FENCED', nonRetryable: false })
  assert.equal(fanout.settled.length, 1)
})

test('an attempt that is overtaken and learns at the same time that it is over says so, and is counted', async () => {
  const { run, fanout, newEnvironment, metrics } = await settling({ members: membersOf(3_000), headSeq: 3 })
  const environment = newEnvironment()
  fanout.beforeSettle = () => {
    fanout.cursor.epoch += 1
    environment.cancel('TIMED_OUT')
  }
  await assert.rejects(run('settle', input, environment), { type: 'FENCED' })
  assert.equal(await metricValue(metrics, 'gochat_fanout_fenced_total'), 1)
})

test('the next attempt goes on where the last one was killed, and every member is counted once', async () => {
  const { run, fanout } = await settling({ members: membersOf(3_000), headSeq: 3 })
  fanout.beforeSettle = () => {
    if (fanout.settled.length === 2) throw new Error('killed')
  }
  await assert.rejects(run('settle', input), { type: 'INTERNAL' })
  fanout.beforeSettle = () => undefined
  const { lastRound, rounds } = await run('settle', input)
  assert.deepEqual([lastRound.pushed, rounds, fanout.settled.length], [3_000, 1, 3])
})

test('cancelled, it ends with where it is: at a page, while it waits for gateways, or while it lingers', async () => {
  const atPage = await settling({ members: membersOf(9_000), headSeq: 3 })
  const environment = atPage.newEnvironment()
  atPage.fanout.beforeSettle = () => environment.cancel('CANCELLED')
  const stopped = await atPage.run('settle', input, environment)
  assert.equal(stopped.reason, 'cancelled')
  // The pages under way are finished, and no others begun.
  assert.equal(atPage.fanout.settled.length, 4)

  const waiting = await settling({
    members: membersOf(3),
    headSeq: 3,
    places: [gatewayTwo],
    pace: { liveWaitMs: 60_000 },
  })
  const second = waiting.newEnvironment()
  setTimeout(() => second.cancel('WORKER_SHUTDOWN'), 20)
  assert.equal((await waiting.run('settle', input, second)).reason, 'cancelled')
  assert.equal(waiting.fanout.settled.length, 0)

  const lingering = await settling({ members: membersOf(3), headSeq: 3, pace: { lingerMs: 60_000 } })
  const third = lingering.newEnvironment()
  setTimeout(() => third.cancel('CANCELLED'), 30)
  const { reason, settledSeq } = await lingering.run('settle', input, third)
  assert.deepEqual([reason, settledSeq], ['cancelled', 3])
})

test('after its time it ends at a page, and the next activity goes on from there', async () => {
  const { run, fanout, deps } = await settling({
    members: membersOf(20_000),
    headSeq: 3,
    pace: { activityMs: 60 },
  })
  Object.assign(deps, { push: { hand: () => sleep(20) } })
  const first = await run('settle', input)
  const { length: pages } = fanout.settled
  assert.deepEqual([first.reason, first.settledSeq], ['time', 0])
  assert.ok(pages > 0 && pages < 20)
  Object.assign(deps, { push: { hand: async () => undefined }, pace: { ...deps.pace, activityMs: 5_000 } })
  const second = await run('settle', input)
  assert.deepEqual([second.settledSeq, second.lastRound.pushed, fanout.settled.length], [3, 20_000, 20])
})

/** The push stage refuses these users. */
async function failing(members: number, failingUsers: readonly string[]) {
  const doubles = await settling({ members: membersOf(members), headSeq: 3 })
  const tries = new Map<string, number>()
  const hand = async ({ userIds }: { readonly userIds: readonly string[] }) => {
    const first = userIds[0]!
    tries.set(first, (tries.get(first) ?? 0) + 1)
    if (failingUsers.some((userId) => userIds.includes(userId))) throw new Error('refused')
  }
  Object.assign(doubles.deps, { push: { hand } })
  return { ...doubles, tries }
}

test('a page that exhausts its tries is not counted before its dead letter is there; then the round goes on', async () => {
  const { run, fanout, tries } = await failing(3_500, ['101500'])
  const first = await run('settle', input)
  const letter = {
    kind: 'page',
    conversationId: '100',
    fromSeq: 0,
    toSeq: 3,
    afterUserId: '100999',
    upToUserId: '101999',
    reason: 'INTERNAL',
  } as const
  assert.deepEqual([first.reason, first.parked], ['parked', [letter]])
  assert.equal(tries.get('101000'), 4)
  assert.equal(fanout.cursor.afterUserId, '100999')

  const second = await run('settle', { ...input, parked: first.parked })
  assert.deepEqual([second.reason, second.settledSeq], ['idle', 3])
  assert.deepEqual(second.lastRound, { live: 0, repaired: 0, pushed: 2_500, muted: 0, parked: 1_000, skipped: 0 })
  assert.equal(tries.get('101000'), 4)
})

test('a last page that is parked ends the round too', async () => {
  const { run } = await failing(1_500, ['101200'])
  const { parked } = await run('settle', input)
  const { settledSeq, lastRound } = await run('settle', { ...input, parked })
  assert.deepEqual([settledSeq, lastRound.pushed, lastRound.parked], [3, 1_000, 500])
})

test('two pages in a row are parked together; three in a row are no fault of the pages, and nothing is lost', async () => {
  const two = await failing(3_500, ['100500', '101500'])
  assert.equal((await two.run('settle', input)).parked.length, 2)

  const three = await failing(4_500, ['101500', '102500', '103500'])
  await assert.rejects(three.run('settle', input), (error) => {
    assert.ok(error instanceof ApplicationFailure)
    return error.type === 'UNAVAILABLE' && error.nonRetryable === false
  })
  assert.equal(three.fanout.cursor.afterUserId, '100999')
})

test('a page whose routes cannot be read is tried again', async () => {
  const { run, routes, fanout } = await settling({
    members: membersOf(10),
    headSeq: 3,
    pace: { pageRetryMs: { minMs: 20, maxMs: 20 } },
  })
  routes.setReachable(false)
  const result = run('settle', input)
  await waitFor(() => fanout.cursor.roundSeq === 3, { what: 'the round' })
  setTimeout(() => routes.setReachable(true), 15)
  assert.equal((await result).lastRound.pushed, 10)
})
