import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, Connection } from '@temporalio/client'
import { topics } from '#delivery/topics.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { silentLogger, stackEnv, testMetrics, waitFor } from '#infra/testing/index.ts'
import { deadLetter } from '#workflows/contracts.ts'
import { openSystem } from '../support/system.ts'

const env = stackEnv()
const system = await openSystem()

test('a record that nobody can decode becomes a dead letter in Temporal, and its partition goes on', async () => {
  await using bus = createKafkaBus({
    brokers: env.kafkaBrokers,
    clientId: 'poison-test',
    log: silentLogger(),
    metrics: testMetrics(),
  })
  const producer = await bus.producer()
  const sent = await producer.send([{ topic: topics.upstream, partition: 3, value: Buffer.from([0xff, 0xff, 0xff]) }])
  const { offset } = sent[0]!

  const connection = await Connection.connect({ address: env.temporalAddress })
  try {
    const client = new Client({ connection, namespace: env.temporalNamespace })
    const place = {
      kind: 'poison',
      topic: topics.upstream,
      partition: 3,
      offset,
      index: -1,
      reason: 'undecodable',
    } as const
    const letter = client.workflow.getHandle(deadLetter.workflowId(place))
    await waitFor(
      () =>
        letter.describe().then(
          () => true,
          () => false,
        ),
      { timeoutMs: 20_000, what: 'the dead letter' },
    )
    const { parkedAt, ...progress } = await letter.query(deadLetter.progress)
    assert.deepEqual(progress, { ...place, state: 'parked' })
    assert.ok(Date.now() - Date.parse(parkedAt) < 60_000)

    const parked = `WorkflowType="deadLetter" AND ImState="parked" AND ImErrorType="undecodable"`
    await waitFor(async () => (await client.workflow.count(parked)).count > 0, {
      timeoutMs: 10_000,
      what: 'visibility',
    })

    await letter.signal(deadLetter.discard)
    assert.equal(((await letter.result()) as { state: string }).state, 'discarded')
  } finally {
    await connection.close()
  }
  await waitFor(
    async () => [...(await system.metric('gochat_logic_queue_commands')).values()].every((waiting) => waiting === 0),
    {
      timeoutMs: 10_000,
      what: 'the partition going on',
    },
  )
  await system.waitUntilWell()
})
