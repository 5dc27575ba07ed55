import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Role } from '../../cli/plan.ts'
import type { CrashPoint } from '#infra/lifecycle/crash-point.ts'
import { waitFor } from '#infra/testing/index.ts'
import { playThroughFault } from '../support/fault.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
let dedupeHits = 0

const windows: [point: CrashPoint, role: Role, what: string][] = [
  ['after-produce', 'gateway', 'commands are in Kafka, nobody was told'],
  ['after-commit', 'logic', 'messages are stored, neither acknowledged nor delivered'],
  ['after-dispatch', 'logic', 'messages are acknowledged and delivered, the offset is not committed'],
]

for (const [point, role, what] of windows) {
  test(`a ${role} dies ${point} (${what}): nothing is lost or doubled`, async (t) => {
    await system.waitUntilWell()
    const trigger = join(system.dataDir, `crash-${point}`)
    await restartAll(role, { GOCHAT_CRASH_AT: point, GOCHAT_CRASH_FILE: trigger })
    const before = await restarts(role)
    const result = await playThroughFault(t, system, { fault: () => writeFileSync(trigger, '') })
    assert.equal(existsSync(trigger), false, 'the crash point was never reached')
    assert.equal((await restarts(role)) - before, 1)
    dedupeHits += result.dedupeHits
  })
}

test('the crash windows were real: known ids came again and were answered from the log', () => {
  assert.ok(dedupeHits > 0)
})

after(async () => {
  for (const [point] of windows) rmSync(join(system.dataDir, `crash-${point}`), { force: true })
  await restartAll('gateway', {})
  await restartAll('logic', {})
})

async function restarts(role: Role): Promise<number> {
  return (await system.processes(role)).reduce((sum, process) => sum + process.restarts, 0)
}

/** The same processes with other settings. */
async function restartAll(role: Role, env: Record<string, string>): Promise<void> {
  for (const { name } of await system.processes(role)) {
    await system.supervisor.remove(name)
    await system.supervisor.add(system.spec(role, Number(name.split('-')[1]), env))
    await waitFor(async () => (await system.supervisor.process(name)).state === 'running', {
      timeoutMs: 30_000,
      what: name,
    })
  }
  await system.waitUntilWell()
}
