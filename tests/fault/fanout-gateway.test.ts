import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stackEnv } from '#infra/testing/index.ts'
import { withLiveSettings } from '../../cli/live-settings.ts'
import { playThroughFault } from '../support/fault.ts'
import { openRoundLedger, type RoundLedger } from '../support/round-ledger.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
let ledger: RoundLedger
before(async () => {
  ledger = await openRoundLedger(system.mysqlUrl)
})
after(() => ledger[Symbol.asyncDispose]())

for (const name of ['gateway-1', 'logic', 'redis', 'worker-1']) {
  test(`kill -9 of ${name === 'logic' ? 'the logic that writes it' : name} under a large group: copies are exact, every member is settled once`, async (t) => {
    await system.waitUntilWell()
    const resentBefore = await resent()
    await withLiveSettings(stackEnv().etcdEndpoints.join(), { largeGroupThreshold: 5 }, async () => {
      await sleep(500)
      const { conversationId } = await playThroughFault(t, system, {
        fault: async (owner) => {
          const [victim] = name === 'logic' ? [owner] : await system.processes(name)
          system.kill(victim!)
        },
      })
      await ledger.untilSettled(conversationId, 120_000)
      const account = await ledger.check(conversationId)
      t.diagnostic(`${JSON.stringify(account)} · ranges sent again: ${(await resent()) - resentBefore}`)
      // The gateway that came instead has heard nothing: it is sent the range.
      if (name === 'gateway-1') assert.ok((await resent()) > resentBefore, 'nothing was sent again')
    })
  })
}

async function resent(): Promise<number> {
  return [...(await system.metric('gochat_fanout_resent_total')).values()].reduce((sum, value) => sum + value, 0)
}
