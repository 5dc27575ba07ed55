import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createClient, createRest } from '@gochat/sdk'
import { waitFor } from '#infra/testing/index.ts'
import { deadLetter, groupFanout } from '#workflows/contracts.ts'
import { makePeople } from '../support/crowd.ts'
import { poisonText, producePoison } from '../support/poison.ts'
import { openRoundLedger } from '../support/round-ledger.ts'
import { textsIn } from '../support/scan-history.ts'
import { openSystem } from '../support/system.ts'
import { connectTemporal } from '../support/temporal.ts'

const system = await openSystem()
const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
const wsUrls = system.gateways.map(({ wsUrl }) => wsUrl)

/** Any access token begins like this. */
const tokenPattern = /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\./

test('no history holds a message body, a name or a token, however it is encoded', async (t) => {
  const secret = (what: string) => `${what} ${randomUUID()}`
  const [name, password, groupName, message] = [secret('name'), secret('pass'), secret('group'), secret('message')]
  const rest = createRest({ baseUrl: httpUrls })
  const { accessToken } = await rest.register(name, password)
  const others = (await makePeople(system, 550)).map(({ id }) => id)
  const group = await rest.openGroup(accessToken, randomUUID(), groupName, others.slice(0, 100))
  for (let at = 100; at < others.length; at += 100) {
    await rest.addMembers(accessToken, group.id, randomUUID(), others.slice(at, at + 100))
  }
  const chat = createClient({ url: wsUrls, token: accessToken })
  await chat.connect()
  await chat.sendText(group.id, message)
  await chat.sendText(group.id, message)
  chat.close()
  await using ledger = await openRoundLedger(system.mysqlUrl)
  await ledger.untilSettled(group.id)
  const place = await producePoison('partition')

  await using temporal = await connectTemporal()
  const { workflow } = temporal.client
  const letterId = deadLetter.workflowId({ kind: 'poison', ...place, reason: 'partition' })
  const letter = workflow.getHandle(letterId)
  await waitFor(() => letter.query(deadLetter.progress), { timeoutMs: 20_000, what: 'the dead letter' })
  await letter.signal(deadLetter.discard)
  await letter.result()

  const forbidden = [name, password, groupName, message, poisonText, accessToken, accessToken.split('.')[2]!]
  const seen = new Map([groupFanout.workflowId(group.id), letterId].map((id) => [id, false]))
  let histories = 0
  let texts = 0
  for await (const { workflowId, runId } of workflow.list()) {
    const history = await workflow.getHandle(workflowId, runId).fetchHistory()
    histories++
    for (const text of textsIn(history)) {
      texts++
      for (const secret of forbidden)
        assert.ok(!text.includes(secret), `${workflowId} holds something that it must not`)
      assert.doesNotMatch(text, tokenPattern, workflowId)
      // Ids may be there, and show that payloads were read.
      if (text.includes(group.id) || text.includes(`"offset":${place.offset}`)) seen.set(workflowId, true)
    }
  }
  assert.deepEqual([...seen.values()].slice(0, 2), [true, true], 'the histories in question were not read')
  t.diagnostic(`${histories} histories, ${texts} texts`)
})
