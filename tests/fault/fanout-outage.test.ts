import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { topics } from '#delivery/topics.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { silentLogger, stackEnv, testMetrics } from '#infra/testing/index.ts'
import { attend } from '../support/attendance.ts'
import { makeCrowd } from '../support/crowd.ts'
import { openRoundLedger, type RoundLedger } from '../support/round-ledger.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
const wsUrls = system.gateways.map(({ wsUrl }) => wsUrl)
const everyMs = 100
/** So many messages reach everybody, one after the other, while the outage lasts; who waited for its end would manage none. */
const minMessages = 20

let ledger: RoundLedger
before(async () => {
  ledger = await openRoundLedger(system.mysqlUrl)
})
after(() => ledger[Symbol.asyncDispose]())

test('Temporal killed for two minutes under load: live chat goes on, tasks wait in Kafka, the workflows catch up', (t) =>
  chatThrough(t, 120_000, {
    async begin() {
      const [temporal] = await system.processes('temporal')
      system.kill(temporal!)
      await system.supervisor.stopProcess('temporal')
    },
    end: () => system.supervisor.startProcess('temporal'),
  }))

test('every worker dead for a minute with the server up: live chat goes on, the workflows catch up', (t) =>
  chatThrough(t, 60_000, {
    async begin() {
      for (const worker of await system.processes('worker')) {
        system.kill(worker)
        await system.supervisor.stopProcess(worker.name)
      }
    },
    async end() {
      for (const { name } of await system.processes('worker')) await system.supervisor.startProcess(name)
    },
  }))

/** A large group and a small one talk before, during and after; both get everything, once, without delay. */
async function chatThrough(
  t: TestContext,
  outageMs: number,
  outage: { begin(): Promise<void>; end(): Promise<void> },
): Promise<void> {
  await system.waitUntilWell()
  const large = await makeCrowd({ ...system, httpUrls, size: 600 })
  const small = await makeCrowd({ ...system, httpUrls, size: 5 })
  await using largeSide = await attend(large.conversationId, large.people.slice(0, 40), wsUrls)
  await using smallSide = await attend(small.conversationId, small.people, wsUrls)
  // The first append after its members have crossed the threshold makes it large.
  await largeSide.of(large.people[0]!).chat.sendText(large.conversationId, 'hello')
  await ledger.untilSettled(large.conversationId)
  await largeSide.untilAllHold(largeSide.attendees[0]!.seqs.at(-1)!)
  const sides = [
    { crowd: large, side: largeSide },
    { crowd: small, side: smallSide },
  ].map(({ crowd, side }) => {
    const writer = side.of(crowd.people[0]!)
    return { crowd, side, writer, fromSeq: writer.seqs.at(-1)!, sent: 0 }
  })
  const tasksBefore = await tasksProduced()
  let slowestMs = 0
  const say = async (ms: number) => {
    for (const endMs = performance.now() + ms; performance.now() < endMs; await sleep(everyMs)) {
      for (const talk of sides) {
        const sentAtMs = performance.now()
        await talk.writer.chat.sendText(talk.crowd.conversationId, `line ${talk.sent}`)
        talk.sent++
        await talk.side.untilAllHold(talk.fromSeq + talk.sent)
        slowestMs = Math.max(slowestMs, performance.now() - sentAtMs)
      }
    }
  }

  await say(2000)
  await outage.begin()
  const sentBefore = sides[0]!.sent
  try {
    await say(outageMs)
    assert.ok(sides[0]!.sent - sentBefore >= minMessages, 'live chat was held up')
    const settledMeanwhile = (await ledger.cursor(large.conversationId))!.settledSeq
    assert.ok(settledMeanwhile < sides[0]!.fromSeq + sides[0]!.sent, 'somebody settled during the outage')
  } finally {
    await outage.end()
  }
  await say(2000)
  await system.waitUntilWell()
  for (const { side, fromSeq, sent } of sides) side.assertExact(fromSeq, fromSeq + sent)
  await ledger.untilSettled(large.conversationId, 120_000)
  const account = await ledger.check(large.conversationId)
  const tasks = (await tasksProduced()) - tasksBefore
  assert.ok(tasks >= sides[0]!.sent / 2, `gochat.tasks grew by ${tasks}`)
  t.diagnostic(
    `${sides[0]!.sent} messages in the large group · slowest to everybody ${slowestMs.toFixed(0)} ms · ${tasks} task records · ` +
      `${JSON.stringify(account)} · raw duplicates ${largeSide.duplicates + smallSide.duplicates}`,
  )
}

async function tasksProduced(): Promise<number> {
  await using bus = createKafkaBus({
    brokers: stackEnv().kafkaBrokers,
    clientId: 'outage-test',
    log: silentLogger(),
    metrics: testMetrics(),
  })
  const marks = await (await bus.admin()).watermarks(topics.tasks)
  return marks.reduce((sum, { high }) => sum + high, 0)
}
