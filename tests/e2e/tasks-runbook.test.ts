import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { deadLetter } from '#workflows/contracts.ts'
import { attend, type Attendance } from '../support/attendance.ts'
import { makeCrowd } from '../support/crowd.ts'
import { producePoison, type PoisonKind } from '../support/poison.ts'
import { patternOf, readRunbook, runStep } from '../support/runbook.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
const wsUrls = system.gateways.map(({ wsUrl }) => wsUrl)
/** Visibility follows, and a signal takes effect a moment later. */
const patienceMs = 30_000

const variables: Record<string, string> = {}
const over = new AbortController()
let attendance: Attendance
let talking: Promise<void>

before(async () => {
  const { conversationId, people } = await makeCrowd({ ...system, httpUrls, size: 600 })
  attendance = await attend(conversationId, people.slice(0, 2), wsUrls)
  const { chat } = attendance.of(people[0]!)
  const head = (await chat.sendText(conversationId, 'to be settled')).seq
  variables['CONVERSATION'] = conversationId
  variables['FROM'] = String(head + 1000)
  variables['TO'] = String(head + 1010)
  talking = talk(async () => void (await chat.sendText(conversationId, 'something')))
  variables['LETTER'] = await letter('kind', 'kind')
  variables['LETTER_2'] = await letter('kind', 'kind')
  variables['LETTER_3'] = await letter('kind', 'kind')
  variables['LETTER_4'] = await letter('kind', 'kind')
  variables['LETTER_5'] = await letter('kind', 'kind')
  await letter('undecodable', 'undecodable')
  await letter('partition', 'partition')
})
after(async () => {
  over.abort()
  await talking
  await attendance[Symbol.asyncDispose]()
})

const blocks = readRunbook('tasks')

test('the page has blocks, each with commands and what they show', () => {
  assert.ok(blocks.length >= 8)
  for (const { heading, steps } of blocks) {
    for (const { command, shows } of steps) {
      assert.match(command, /^\.\/gochat (tasks|temporal|tctl) /, heading)
      assert.ok(shows.length > 0, `${command}: the page does not say what it shows`)
    }
  }
})

for (const { heading, steps } of blocks) {
  test(`docs/runbooks/tasks.md, ${heading}: ${steps[0]!.command}, …`, async () => {
    for (const { command, shows } of steps) {
      // What changes something is done once; what looks may look again.
      const mayRepeat =
        /^\.\/gochat (tasks (list|show)|(temporal|tctl) workflow (list|count|query|describe|metadata))/.test(command)
      const endMs = performance.now() + patienceMs
      for (;;) {
        const output = await runStep(command, variables)
        const missing = shows.filter((pattern) => !patternOf(pattern, variables).test(output))
        if (missing.length === 0 && !output.includes('\nexit code')) break
        if (!mayRepeat || performance.now() > endMs) assert.fail(`${command}\nlacks: ${missing.join(' · ')}\n${output}`)
        await sleep(500)
      }
    }
  })
}

async function letter(kind: PoisonKind, reason: string): Promise<string> {
  return deadLetter.workflowId({ kind: 'poison', ...(await producePoison(kind)), reason })
}

/** Something to settle, all the time: a fan-out with nothing to do ends. */
async function talk(say: () => Promise<void>): Promise<void> {
  while (!over.signal.aborted) {
    await say()
    await sleep(1000)
  }
}
