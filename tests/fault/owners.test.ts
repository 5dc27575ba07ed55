import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { ProcessStatus } from '../../cli/supervisor/client.ts'
import { playThroughFault } from '../support/fault.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()

test('kill -9 of the logic that writes the conversation: another takes over, nothing is lost, doubled or out of order', async (t) => {
  await system.waitUntilWell()
  const { hasChangedHands } = await playThroughFault(t, system, { fault: (owner) => system.kill(owner) })
  assert.equal(hasChangedHands, true)
})

test('the logic that writes the conversation sleeps past its session and wakes up as a former owner: nothing changes', async (t) => {
  await system.waitUntilWell()
  let sleeper: ProcessStatus | undefined
  try {
    const { hasChangedHands } = await playThroughFault(t, system, {
      fault: (owner) => {
        sleeper = owner
        system.kill(owner, 'SIGSTOP')
        // Longer than the consumer's session (10 s): the other has taken over by then. The lines go on meanwhile.
        void sleep(22_000).then(() => system.kill(owner, 'SIGCONT'))
      },
      ratePerSecond: 25,
    })
    assert.equal(hasChangedHands, true)
  } finally {
    if (sleeper !== undefined) await system.supervisor.signal(sleeper.name, 'SIGCONT')
  }
})

test('a third logic that joins and leaves under load changes nothing', async (t) => {
  await system.waitUntilWell()
  const spec = system.spec('logic', 3)
  let visit: Promise<void> | undefined
  const { hasChangedHands } = await playThroughFault(t, system, {
    fault: () => {
      visit = system.supervisor
        .add(spec)
        .then(() => sleep(8000))
        .then(() => system.supervisor.remove(spec.name))
    },
    ratePerSecond: 40,
  })
  await visit
  assert.equal(hasChangedHands, true)
})
