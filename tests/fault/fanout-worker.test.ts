import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '#infra/testing/index.ts'
import { groupFanout } from '#workflows/contracts.ts'
import type { ProcessSpec } from '../../cli/supervisor/spec.ts'
import { attend, type Attendance } from '../support/attendance.ts'
import { makeCrowd, type Crowd } from '../support/crowd.ts'
import { openRoundLedger, type RoundLedger } from '../support/round-ledger.ts'
import { openSystem } from '../support/system.ts'
import { connectTemporal } from '../support/temporal.ts'

const root = resolve(import.meta.dirname, '../..')
const system = await openSystem()
const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
const wsUrls = system.gateways.map(({ wsUrl }) => wsUrl)
/** Small pages, so that a round has many and there is a middle to be killed in. */
const smallPages = { GOCHAT_SETTLE_PAGE_MEMBERS: '20' }

let ledger: RoundLedger
let crowd: Crowd
before(async () => {
  await system.waitUntilWell()
  ledger = await openRoundLedger(system.mysqlUrl)
  await replaceWorker('worker-1', smallPages)
  crowd = await makeCrowd({ ...system, httpUrls, size: 10_000 })
  await ledger.untilSettled(crowd.conversationId, 120_000)
})
beforeEach(() => system.waitUntilWell())
after(async () => {
  await replaceWorker('worker-1', {})
  await ledger[Symbol.asyncDispose]()
})

test('kill -9 of the worker, five times during a round over 10 000 members: every member is settled, each once', async (t) => {
  const { conversationId, people } = crowd
  await using attendance = await attend(conversationId, people.slice(0, 50), wsUrls)
  const writer = attendance.of(people[0]!)
  const fromSeq = writer.seqs.at(-1)!
  const before = (await ledger.cursor(conversationId))!
  await writer.chat.sendText(conversationId, 'to be settled')
  const places: string[] = []
  for (let kill = 0; kill < 5; kill++) {
    places.push(await untilRoundMoves(conversationId, places.at(-1) ?? '0'))
    const [worker] = await system.processes('worker-1')
    system.kill(worker!)
    await untilWorkerIsBack(worker!.pid!)
  }
  await ledger.untilSettled(conversationId, 120_000)
  const account = await ledger.check(conversationId)
  const now = (await ledger.cursor(conversationId))!
  assert.equal(new Set(places).size, 5, 'each kill was further in the round')
  assert.ok(now.epoch - before.epoch >= 5, `claimed ${now.epoch - before.epoch} times`)
  attendance.assertExact(fromSeq, fromSeq + 1)
  t.diagnostic(
    `killed behind ${places.join(', ')} · ${JSON.stringify(account)} · raw duplicates ${attendance.duplicates}`,
  )
})

test('a worker that sleeps past its heartbeat and wakes up while another is at work: the fence holds', async (t) => {
  const { conversationId, people } = crowd
  // As production does it: workflow code that was bundled before.
  const bundle = join(system.dataDir, 'workflow-bundle.js')
  execFileSync(process.execPath, [join(root, 'temporal/worker/build-bundle.ts'), bundle])
  const second = system.spec('worker', 2, { ...smallPages, GOCHAT_WORKFLOW_BUNDLE: bundle })
  await using attendance = await attend(conversationId, people.slice(0, 50), wsUrls)
  const fromSeq = attendance.of(people[0]!).seqs.at(-1)!
  let sleeps = 0
  // A sleeper whose call or whose attempt has timed out by the time it wakes up does not get as far as the fence.
  for (let fenced = 0; fenced === 0; sleeps += 1) {
    assert.ok(sleeps < 4, 'nobody was fenced: there were never two pages at once')
    fenced = await sleepThroughRound(attendance, second)
  }
  const account = await ledger.check(conversationId)
  attendance.assertExact(fromSeq, fromSeq + sleeps)
  t.diagnostic(`${sleeps} sleeps · ${JSON.stringify(account)} · raw duplicates ${attendance.duplicates}`)
})

test('paused in a round, 200 messages, resumed: live chat goes on, nothing is settled meanwhile, everything after', async (t) => {
  const { conversationId, people } = crowd
  await using attendance = await attend(conversationId, people.slice(0, 50), wsUrls)
  await using temporal = await connectTemporal()
  const writer = attendance.of(people[0]!)
  const fromSeq = writer.seqs.at(-1)!
  const fanout = temporal.client.workflow.getHandle(groupFanout.workflowId(conversationId))
  await writer.chat.sendText(conversationId, 'to be settled')
  await untilRoundMoves(conversationId, '0')
  await fanout.signal(groupFanout.pause, { reason: 'a test' })
  await waitFor(async () => (await fanout.query(groupFanout.progress)).state === 'paused', {
    timeoutMs: 20_000,
    what: 'the fan-out to be paused',
  })
  await sleep(2000)
  const paused = (await ledger.cursor(conversationId))!
  await Promise.all(Array.from({ length: 200 }, (_, i) => writer.chat.sendText(conversationId, `line ${i}`)))
  await attendance.untilAllHold(fromSeq + 201)
  await sleep(2000)
  assert.deepEqual(await ledger.cursor(conversationId), paused, 'it went on')
  await fanout.signal(groupFanout.resume)
  await ledger.untilSettled(conversationId, 120_000)
  const account = await ledger.check(conversationId)
  attendance.assertExact(fromSeq, fromSeq + 201)
  t.diagnostic(`${JSON.stringify(account)} · raw duplicates ${attendance.duplicates}`)
})

/**
 * One message to be settled; worker-1 sleeps in the middle of it until `second` has taken over, and both end it. Resolves with
 * how many attempts were fenced.
 */
async function sleepThroughRound(attendance: Attendance, second: ProcessSpec): Promise<number> {
  const { conversationId, people } = crowd
  const [sleeper] = await system.processes('worker-1')
  const fencedBefore = await fencedTotal()
  try {
    await attendance.of(people[0]!).chat.sendText(conversationId, 'to be settled')
    await untilRoundMoves(conversationId, '0')
    system.kill(sleeper!, 'SIGSTOP')
    const asleep = (await ledger.cursor(conversationId))!
    assert.ok(asleep.roundSeq > 0, 'the round was over before')
    await system.supervisor.add(second)
    // The other has claimed: the sleeper's next page must not count.
    await waitFor(async () => (await ledger.cursor(conversationId))!.epoch > asleep.epoch, {
      // Polls of the sleeper may still be handed the retry, and each costs a heartbeat timeout.
      timeoutMs: 120_000,
      what: 'the other worker to claim the cursor',
    })
    system.kill(sleeper!, 'SIGCONT')
    await ledger.untilSettled(conversationId, 120_000)
    await sleep(1000)
    return (await fencedTotal()) - fencedBefore
  } finally {
    system.kill(sleeper!, 'SIGCONT')
    await system.supervisor.remove(second.name)
  }
}

/** Of all workers that are there now: read it before one of them is removed. */
async function fencedTotal(): Promise<number> {
  return [...(await system.metric('gochat_fanout_fenced_total')).values()].reduce((sum, value) => sum + value, 0)
}

/** Resolves with the place of an open round that is behind `afterUserId`. */
async function untilRoundMoves(conversationId: string, afterUserId: string): Promise<string> {
  const moved = await waitFor(
    async () => {
      const cursor = (await ledger.cursor(conversationId))!
      return cursor.roundSeq > 0 && BigInt(cursor.afterUserId) > BigInt(afterUserId) ? cursor : undefined
    },
    { timeoutMs: 60_000, pollMs: 1, what: 'a round that has got further' },
  )
  return moved.afterUserId
}

async function untilWorkerIsBack(killedPid: number): Promise<void> {
  await waitFor(
    async () => {
      const [worker] = await system.processes('worker-1')
      return worker?.state === 'running' && worker.pid !== killedPid
    },
    { timeoutMs: 60_000, pollMs: 50, what: 'the worker to be back' },
  )
}

async function replaceWorker(name: string, env: Record<string, string>): Promise<void> {
  await system.supervisor.remove(name)
  await system.supervisor.add(system.spec('worker', Number(name.split('-')[1]), env))
  await system.waitUntilWell()
}
