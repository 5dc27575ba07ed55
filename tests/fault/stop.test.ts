import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSystem } from '../support/system.ts'

const system = await openSystem()

test('asked to stop, each of our processes ends by itself, with exit code 0', async () => {
  await system.waitUntilWell()
  const { processes } = await system.supervisor.status()
  const ours = processes.filter(({ kind }) => kind === 'process').map(({ name }) => name)
  const failures: string[] = []
  for (const name of ours) {
    await system.supervisor.stopProcess(name)
    const { lastExit = 'nothing' } = await system.supervisor.process(name)
    if (!lastExit.startsWith('exit code 0,')) failures.push(`${name}: ${lastExit}`)
    await system.supervisor.startProcess(name)
  }
  await system.waitUntilWell()
  assert.ok(ours.length >= 6)
  assert.deepEqual(failures, [])
})
