import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createRest as createSdkRest } from '@gochat/sdk'
import { createRest } from '../support/bad-input/rest.ts'
import { readOperations } from '../support/bad-input/routes.ts'
import { runStep } from '../support/runbook.ts'
import { fuzz } from '../support/schemathesis.ts'
import { openSystem } from '../support/system.ts'

/** Requests that a tool of others makes of the live OpenAPI document: right ones, and wrong in every field. */
const system = await openSystem()
const { httpUrl } = system.gateways[0]!
const seed = Number(process.env['GOCHAT_FUZZ_SEED'] ?? 20_260_101)
const sdk = createSdkRest({ baseUrl: httpUrl })
const [name, password] = [`fuzz-${randomUUID()}`, 'a password to fuzz with']

const peer = await sdk.register(`peer-${randomUUID()}`, password)
await sdk.register(name, password)
assert.match(await runStep(`./gochat admin ${name}`, {}), /is an admin/)
const { accessToken: token } = await sdk.login(name, password)
const openGroup = async (name: string) => (await sdk.openGroup(token, randomUUID(), name, [peer.user.id])).id
const conversationId = await openGroup('fuzzed')
/** They end what the others use, so each has something of its own to end. */
const enders = [
  { only: 'POST /auth/logout', token: (await sdk.login(name, password, 'to-be-logged-out')).accessToken },
  // Beside the operation that lists them, the tool finds the device that asks.
  { only: 'DELETE /devices/{deviceId}', token: (await sdk.login(name, password, 'to-be-revoked')).accessToken },
  { only: 'POST /groups/{conversationId}/dissolve', params: { conversationId: await openGroup('to be dissolved') } },
]

console.log(`seed ${seed}`)
const options = { httpUrl, token, seed, params: { conversationId, userId: peer.user.id } }
const verdicts = await fuzz({ ...options, without: enders.map(({ only }) => only) })
for (const own of enders) verdicts.push(...(await fuzz({ ...options, ...own })))

for (const { operation, problems } of verdicts) {
  test(`${operation}: no 5xx, and nothing that is not documented`, () => assert.equal(problems.join('\n\n'), ''))
}

test('every operation of the document was asked', async () => {
  const operations = await readOperations(createRest(httpUrl))
  const asked = new Set(verdicts.map(({ operation }) => operation))
  assert.deepEqual(
    operations.map(({ key }) => key).filter((key) => !asked.has(key)),
    [],
  )
})

test('the token is still good: a route that ends the session would have hidden all that came after it', async () => {
  assert.ok((await sdk.userName(token, peer.user.id)).startsWith('peer-'))
})
