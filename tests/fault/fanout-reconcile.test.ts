import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { reconcile } from '#workflows/contracts.ts'
import { attend } from '../support/attendance.ts'
import { makeCrowd } from '../support/crowd.ts'
import { openRoundLedger } from '../support/round-ledger.ts'
import { openSystem } from '../support/system.ts'
import { connectTemporal } from '../support/temporal.ts'

const system = await openSystem()

test('with nobody to poke, reconcile finds the conversation whose members wait', async (t) => {
  await system.waitUntilWell()
  const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
  const wsUrls = system.gateways.map(({ wsUrl }) => wsUrl)
  const { conversationId, people } = await makeCrowd({ ...system, httpUrls, size: 600 })
  await using ledger = await openRoundLedger(system.mysqlUrl)
  await using temporal = await connectTemporal()
  const schedule = temporal.client.schedule.getHandle(reconcile.scheduleId)
  await using attendance = await attend(conversationId, people.slice(0, 1), wsUrls)
  await schedule.pause('a test of it')
  await system.supervisor.stopProcess('dispatcher-1')
  try {
    await attendance.of(people[0]!).chat.sendText(conversationId, 'to be settled')
    await sleep(2000)
    assert.equal((await ledger.cursor(conversationId))?.epoch, 0, 'somebody was woken')
    await schedule.trigger()
    await ledger.untilSettled(conversationId)
    t.diagnostic(JSON.stringify(await ledger.check(conversationId)))
  } finally {
    await schedule.unpause()
    await system.supervisor.startProcess('dispatcher-1')
  }
})
