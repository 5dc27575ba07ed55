import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { stackEnv, waitFor } from '#infra/testing/index.ts'
import {
  deadLetter,
  groupFanout,
  type DeadLetterProgress,
  type FanoutProgress,
  type PoisonLetter,
} from '#workflows/contracts.ts'
import { attend } from '../support/attendance.ts'
import { makeCrowd } from '../support/crowd.ts'
import { producePoison } from '../support/poison.ts'
import { openSystem } from '../support/system.ts'
import { connectTemporal } from '../support/temporal.ts'
import { openWebUi, type WebUi } from '../support/web-ui.ts'

const system = await openSystem()
const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
const wsUrls = system.gateways.map(({ wsUrl }) => wsUrl)

let webUi: WebUi
before(async () => {
  webUi = await openWebUi(system.webUiUrl, stackEnv().temporalNamespace)
})
after(() => webUi[Symbol.asyncDispose]())

test('a running fan-out in the Web UI: search attributes, current details and progress; pause and resume from its form', async () => {
  const { conversationId, people } = await makeCrowd({ ...system, httpUrls, size: 600 })
  await using attendance = await attend(conversationId, people.slice(0, 1), wsUrls)
  await attendance.of(people[0]!).chat.sendText(conversationId, 'to be settled')
  await using temporal = await connectTemporal()
  const id = groupFanout.workflowId(conversationId)
  const fanout = temporal.client.workflow.getHandle(id)
  const stateIs = (state: string) =>
    waitFor(async () => (await fanout.query(groupFanout.progress)).state === state, { timeoutMs: 20_000, what: state })
  await stateIs('running')

  const page = await webUi.open(id)
  assert.equal(await page.status(), 'Running')
  await page.signal('pause')
  await stateIs('paused')
  const attributes = await page.searchAttributes()
  assert.equal(attributes['ImTaskKind'], 'groupFanout')
  assert.equal(attributes['ImConversationId'], conversationId)
  assert.match(await page.currentDetails(), /paused/i)
  const progress = (await page.query('progress')) as FanoutProgress
  assert.deepEqual([progress.conversationId, progress.state], [conversationId, 'paused'])

  await page.signal('resume', { by: 'a test' })
  await waitFor(async () => (await fanout.query(groupFanout.progress)).state !== 'paused', {
    timeoutMs: 20_000,
    what: 'the fan-out to go on',
  })
})

test('a parked dead letter in the Web UI: where it lies and why; discard from its form ends it', async () => {
  const place = await producePoison('undecodable')
  const letter: PoisonLetter = { kind: 'poison', ...place, reason: 'undecodable' }
  await using temporal = await connectTemporal()
  const id = deadLetter.workflowId(letter)
  const handle = temporal.client.workflow.getHandle(id)
  await waitFor(async () => (await handle.query(deadLetter.progress)).state === 'parked', {
    timeoutMs: 20_000,
    what: 'the dead letter',
  })

  const page = await webUi.open(id)
  const attributes = await page.searchAttributes()
  assert.deepEqual(
    [attributes['ImTaskKind'], attributes['ImState'], attributes['ImErrorType']],
    ['deadLetter', 'parked', 'undecodable'],
  )
  assert.match(await page.currentDetails(), new RegExp(`undecodable[\\s\\S]*${place.offset}`))
  const progress = (await page.query('progress')) as DeadLetterProgress
  assert.deepEqual([progress.state, progress.letter], ['parked', letter])
  await page.signal('discard', { reason: 'seen' })
  assert.equal(((await handle.result()) as DeadLetterProgress).state, 'discarded')
})
