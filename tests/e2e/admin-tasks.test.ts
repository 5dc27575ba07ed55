import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import { createRest as createSdkRest } from '@gochat/sdk'
import { waitFor } from '#infra/testing/index.ts'
import { deadLetter, groupFanout } from '#workflows/contracts.ts'
import { attend } from '../support/attendance.ts'
import { createRest } from '../support/bad-input/rest.ts'
import { makeCrowd } from '../support/crowd.ts'
import { producePoison } from '../support/poison.ts'
import { runStep } from '../support/runbook.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
const wsUrls = system.gateways.map(({ wsUrl }) => wsUrl)
const rest = createRest(httpUrls[1]!)
const name = `operator-${randomUUID()}`
const password = 'an operator of tasks'
let admin = ''
let nobody = ''

before(async () => {
  const sdk = createSdkRest({ baseUrl: httpUrls })
  nobody = (await sdk.register(name, password)).accessToken
  assert.match(await runStep(`./gochat admin ${name}`, {}), /is an admin/)
  admin = (await sdk.login(name, password)).accessToken
})

test('only an admin gets to tasks, and only from the login on that came after', async () => {
  for (const [token, status] of [
    [undefined, 401],
    [nobody, 403],
    [admin, 200],
  ] as const) {
    assert.equal((await rest.ask({ method: 'GET', path: '/admin/tasks', token })).status, status)
  }
})

test('a fan-out is listed, shown, paused, told to skip and resumed over REST', async () => {
  const { conversationId, people } = await makeCrowd({ ...system, httpUrls, size: 600 })
  await using attendance = await attend(conversationId, people.slice(0, 1), wsUrls)
  await attendance.of(people[0]!).chat.sendText(conversationId, 'to be settled')
  const id = groupFanout.workflowId(conversationId)
  await waitFor(async () => (await list(`kind=groupFanout&conversationId=${conversationId}`)).includes(id), {
    timeoutMs: 20_000,
    what: 'the fan-out in the list',
  })
  await tell(id, 'pause', { reason: 'a test' })
  await untilProgress(id, 'paused')
  await tell(id, 'skip', { fromSeq: 1000, toSeq: 1010 })
  await tell(id, 'resume')
  const progress = await untilProgress(id, 'running')
  assert.deepEqual(progress['skips'], [{ fromSeq: 1000, toSeq: 1010 }])
})

test('dead letters are redriven and discarded over REST, one or many; what has ended is not found', async () => {
  const letterOf = async () =>
    deadLetter.workflowId({ kind: 'poison', ...(await producePoison('kind')), reason: 'kind' })
  const [one, two] = [await letterOf(), await letterOf()]
  for (const id of [one, two]) await untilProgress(id, 'parked')
  await tell(one, 'redrive')
  await untilProgress(one, 'redriven')
  await tell(two, 'discard', { reason: 'seen' })
  await untilProgress(two, 'discarded')
  await tell(two, 'redrive', undefined, 404)
  const body = { query: 'ImErrorType="kind"', perSecond: 50, jobId: randomUUID() }
  const batch = await rest.ask({ method: 'POST', path: '/admin/redrives', token: admin, body })
  assert.equal(batch.status, 202)
  await untilProgress((batch.body as { id: string }).id, 'done')
})

async function list(query: string): Promise<string[]> {
  const { status, body } = await rest.ask({ method: 'GET', path: `/admin/tasks?${query}`, token: admin })
  assert.equal(status, 200, JSON.stringify(body))
  return (body as { tasks: { id: string }[] }).tasks.map(({ id }) => id)
}

async function tell(id: string, verb: string, body?: object, expected = 204): Promise<void> {
  const path = `/admin/tasks/${encodeURIComponent(id)}/${verb}`
  const answer = await rest.ask({ method: 'POST', path, token: admin, ...(body === undefined ? {} : { body }) })
  assert.equal(answer.status, expected, `${path}: ${JSON.stringify(answer.body)}`)
}

async function untilProgress(id: string, state: string): Promise<Record<string, unknown>> {
  const path = `/admin/tasks/${encodeURIComponent(id)}`
  const look = async () => {
    const { body } = await rest.ask({ method: 'GET', path, token: admin })
    const { progress } = body as { progress?: Record<string, unknown> }
    return progress?.['state'] === state ? progress : undefined
  }
  return waitFor(look, { timeoutMs: 20_000, pollMs: 100, what: `${id} to be ${state}` })
}
