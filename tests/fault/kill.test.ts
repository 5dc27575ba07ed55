import { test } from 'node:test'
import { playThroughFault } from '../support/fault.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()

for (const name of ['repo-1', 'gateway-1', 'kafka', 'mysql', 'redis', 'etcd']) {
  test(`kill -9 of ${name} with many sends on the way: nothing acknowledged is lost, doubled or out of order`, async (t) => {
    await system.waitUntilWell()
    const [victim] = await system.processes(name)
    await playThroughFault(t, system, { fault: () => system.kill(victim!) })
  })
}
