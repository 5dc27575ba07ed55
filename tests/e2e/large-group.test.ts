import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRest } from '@gochat/sdk'
import { createConnection } from 'mysql2/promise'
import { stackEnv, waitFor } from '#infra/testing/index.ts'
import { groupFanout, type FanoutProgress } from '#workflows/contracts.ts'
import { withLiveSettings } from '../../cli/live-settings.ts'
import { attend } from '../support/attendance.ts'
import { makeCrowd, makePeople, type Crowd } from '../support/crowd.ts'
import { openRoundLedger, type RoundLedger } from '../support/round-ledger.ts'
import { openSystem } from '../support/system.ts'
import { connectTemporal } from '../support/temporal.ts'

const system = await openSystem()
const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
const wsUrls = system.gateways.map(({ wsUrl }) => wsUrl)
const crowdOf = (size: number): Promise<Crowd> => makeCrowd({ ...system, httpUrls, size })
const rest = createRest({ baseUrl: httpUrls })
const momentMs = 500

let ledger: RoundLedger
before(async () => {
  ledger = await openRoundLedger(system.mysqlUrl)
})
after(() => ledger[Symbol.asyncDispose]())

test('2 000 members at the default threshold, 300 online over both gateways: everybody gets everything once, nobody is left out', async (t) => {
  const crowd = await crowdOf(2000)
  const quiet = crowd.people.slice(-50).map(({ id }) => id)
  await wantNoPush(crowd.conversationId, quiet)
  await using attendance = await attend(crowd.conversationId, crowd.people.slice(0, 300), wsUrls)
  const writer = attendance.of(crowd.people[0]!)
  await ledger.untilSettled(crowd.conversationId)
  const before = writer.seqs.at(-1)!
  const settledBefore = (await ledger.cursor(crowd.conversationId))!.total
  const directBefore = await direct()

  await Promise.all(Array.from({ length: 100 }, (_, i) => writer.chat.sendText(crowd.conversationId, `line ${i}`)))
  await attendance.untilAllHold(before + 100)
  attendance.assertExact(before, before + 100)
  assert.equal(await direct(), directBefore, 'a frame went the direct way')

  await ledger.untilSettled(crowd.conversationId)
  const account = await ledger.check(crowd.conversationId)
  const { lastRound, members, total } = await progressAt(crowd.conversationId, before + 100)
  assert.equal(members, 2000)
  assert.deepEqual([lastRound.live + lastRound.repaired, lastRound.muted, lastRound.pushed], [300, 50, 1650])
  const rounds = (total.muted - settledBefore.muted) / 50
  t.diagnostic(
    `${rounds} rounds for 100 messages · ${JSON.stringify(account)} · raw duplicates ${attendance.duplicates}`,
  )
})

test('growing over and shrinking under the threshold, and a threshold that changes, while messages flow: nothing lost, nothing doubled', async (t) => {
  const crowd = await crowdOf(12)
  const { conversationId, people } = crowd
  const [owner, ...others] = people
  const newcomers = (await makePeople(system, 5)).map(({ id }) => id)
  await using attendance = await attend(conversationId, people.slice(0, 7), wsUrls)
  const writer = attendance.of(owner!)
  const etcd = stackEnv().etcdEndpoints.join()
  const fromSeq = writer.seqs.at(-1)!
  const silence = new AbortController()
  let sent = 0
  const talking = talk()

  // The members cross the threshold of 10: 12 → 7 → 12. They are direct again below 8.
  await withLiveSettings(etcd, { largeGroupThreshold: 10 }, async () => {
    await sleep(1000)
    for (const person of others.slice(6)) await rest.leaveGroup(person.token, conversationId, `leave-${person.id}`)
    await sleep(1000)
    await rest.addMembers(owner!.token, conversationId, 'instead', newcomers)
    await sleep(1000)
  })
  await sleep(momentMs)
  // The threshold crosses the members.
  for (const largeGroupThreshold of [3, 100, 4, 200]) {
    await withLiveSettings(etcd, { largeGroupThreshold }, () => sleep(1200))
    await sleep(momentMs)
  }
  silence.abort()
  await talking
  const { lastSeq } = await rest.history(owner!.token, conversationId, 0, 1)
  await attendance.untilAllHold(lastSeq)
  attendance.assertExact(fromSeq, lastSeq)
  await ledger.untilSettled(conversationId)
  await ledger.check(conversationId, { wasDirect: true })
  // A cursor that was still behind when it became large again settles the direct time, too, and sends it to gateways once more.
  t.diagnostic(
    `${sent} messages · ${lastSeq - fromSeq} entries · raw duplicates ${attendance.duplicates} · ` +
      `class in the end: ${await classOf(conversationId)}`,
  )

  async function talk(): Promise<void> {
    while (!silence.signal.aborted) {
      await writer.chat.sendText(conversationId, `line ${sent++}`)
      await sleep(10)
    }
  }
})

test('a kick under load: nothing later than the kick reaches the kicked', async (t) => {
  const crowd = await crowdOf(600)
  const { conversationId, people } = crowd
  const kicked = people.slice(1, 6)
  await using attendance = await attend(conversationId, people.slice(0, 30), wsUrls)
  const writer = attendance.of(people[0]!)
  const fromSeq = writer.seqs.at(-1)!
  const sends: Promise<unknown>[] = []
  const kicks = new Map<string, number>()
  for (let i = 0; i < 300; i++) {
    sends.push(writer.chat.sendText(conversationId, `line ${i}`))
    if (i % 50 === 25) {
      const person = kicked[Math.floor(i / 50)]
      if (person !== undefined) sends.push(kick(person.id).then((seq) => kicks.set(person.id, seq)))
    }
    await sleep(3)
  }
  await Promise.all(sends)
  const { lastSeq } = await rest.history(people[0]!.token, conversationId, 0, 1)
  const stayed = attendance.attendees.filter(({ person }) => !kicks.has(person.id))
  await attendance.untilAllHold(lastSeq, stayed)
  attendance.assertExact(fromSeq, lastSeq, stayed)
  assert.equal(kicks.size, kicked.length)
  for (const [userId, seq] of kicks) {
    const { chat, seqs, pushed } = attendance.attendees.find(({ person }) => person.id === userId)!
    await chat.sync()
    assert.deepEqual(
      pushed.filter((other) => other > seq),
      [],
      'pushed behind the kick',
    )
    assert.equal(seqs.at(-1), seq, 'the kick is the last that the kicked sees')
  }
  await ledger.untilSettled(conversationId)
  await ledger.check(conversationId)
  t.diagnostic(`kicked at ${[...kicks.values()].join(', ')} of ${lastSeq} · raw duplicates ${attendance.duplicates}`)

  async function kick(userId: string): Promise<number> {
    const { seq } = await rest.removeMember(people[0]!.token, conversationId, `kick-${userId}`, userId)
    return seq!
  }
})

test('joining and leaving a large group are no entries; its joiner sees what comes after, its leaver nothing more', async () => {
  const crowd = await crowdOf(600)
  const { conversationId, people } = crowd
  const [owner, leaver] = people
  const [joiner] = await makePeople(system, 1)
  await using attendance = await attend(conversationId, [owner!, leaver!, joiner!], wsUrls)
  const writer = attendance.of(owner!)
  await writer.chat.sendText(conversationId, 'before')
  const before = writer.seqs.at(-1)!
  const joined = await rest.addMembers(owner!.token, conversationId, 'join', [joiner!.id])
  const left = await rest.leaveGroup(leaver!.token, conversationId, 'leave')
  assert.deepEqual([joined, left], [{ outcome: 'applied' }, { outcome: 'applied' }])
  assert.deepEqual(await rest.addMembers(owner!.token, conversationId, 'join', [joiner!.id]), joined, 'the same again')
  await writer.chat.sendText(conversationId, 'after')
  await attendance.untilAllHold(before + 1, [writer, attendance.of(joiner!)])
  assert.deepEqual(attendance.of(joiner!).seqs, [before + 1])
  await sleep(momentMs)
  assert.equal(attendance.of(leaver!).pushed.at(-1), before)
  await assert.rejects(rest.addMembers(leaver!.token, conversationId, 'not-any-more', [joiner!.id]), {
    code: 'CONVERSATION_NOT_FOUND',
  })
})

/** What operators see, once it is as new as that. */
async function progressAt(conversationId: string, seq: number): Promise<FanoutProgress> {
  await using temporal = await connectTemporal()
  const fanout = temporal.client.workflow.getHandle(groupFanout.workflowId(conversationId))
  const look = async () => {
    const progress = await fanout.query(groupFanout.progress)
    return progress.settledSeq === seq ? progress : undefined
  }
  return await waitFor(look, { timeoutMs: 20_000, pollMs: 200, what: `progress at ${seq}` })
}

async function direct(): Promise<number> {
  await sleep(momentMs)
  const samples = await system.metric('gochat_dispatch_total', 'class="direct"')
  return [...samples.values()].reduce((sum, value) => sum + value, 0)
}

/** They want no push: there is no command for it yet. */
async function wantNoPush(conversationId: string, userIds: readonly string[]): Promise<void> {
  await query('UPDATE members SET notify = 3 WHERE conversation_id = ? AND user_id IN (?)', [conversationId, userIds])
}

async function classOf(conversationId: string): Promise<string> {
  const rows = await query('SELECT delivery_class, class_since_seq FROM conversations WHERE id = ?', [conversationId])
  return JSON.stringify(rows)
}

async function query(sql: string, values: unknown[]): Promise<unknown> {
  const connection = await createConnection({ uri: system.mysqlUrl, connectTimeout: 5000 })
  try {
    return (await connection.query({ sql, timeout: 10_000 }, values))[0]
  } finally {
    await connection.end()
  }
}
