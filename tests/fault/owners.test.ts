import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { playThroughFault } from '../support/fault.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()

test('a logic that sleeps past its session and wakes up as a former owner changes nothing', async (t) => {
  await system.waitUntilWell()
  const [sleeper] = await system.processes('logic-1')
  try {
    await playThroughFault(t, system, {
      fault: () => {
        system.kill(sleeper!, 'SIGSTOP')
        // Longer than the consumer's session (15 s): the other has taken over by then. The lines go on meanwhile.
        void sleep(22_000).then(() => system.kill(sleeper!, 'SIGCONT'))
      },
      ratePerSecond: 25,
    })
  } finally {
    await system.supervisor.signal('logic-1', 'SIGCONT')
  }
})

test('a third logic that joins and leaves under load changes nothing', async (t) => {
  await system.waitUntilWell()
  const spec = system.spec('logic', 3)
  let visit: Promise<void> | undefined
  await playThroughFault(t, system, {
    fault: () => {
      visit = system.supervisor
        .add(spec)
        .then(() => sleep(8000))
        .then(() => system.supervisor.remove(spec.name))
    },
    ratePerSecond: 40,
  })
  await visit
})
