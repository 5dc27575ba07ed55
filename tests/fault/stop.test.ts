import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSystem } from '../support/system.ts'

const system = await openSystem()

test('asked to stop, each of our processes ends by itself, with exit code 0', async () => {
  await system.waitUntilWell()
  const { processes } = await system.supervisor.status()
  const ours = processes.filter(({ kind }) => kind === 'process').map(({ name }) => name)
  assert.ok(ours.length >= 6)
  // A new process each: in one that has outlived a broker a connection of kafkajs stays, and the watchdog ends it.
  await restart(ours)
  assert.deepEqual(
    (await restart(ours)).filter((exit) => !exit.includes(': exit code 0,')),
    [],
  )
})

/** How each of them ended. */
async function restart(names: readonly string[]): Promise<string[]> {
  const exits: string[] = []
  for (const name of names) {
    await system.supervisor.stopProcess(name)
    exits.push(`${name}: ${(await system.supervisor.process(name)).lastExit}`)
    await system.supervisor.startProcess(name)
  }
  await system.waitUntilWell()
  return exits
}
