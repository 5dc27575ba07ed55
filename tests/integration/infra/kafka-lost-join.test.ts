import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { silentLogger, stackEnv, testMetrics, waitFor } from '#infra/testing/index.ts'

const require = createRequire(import.meta.url)
const Broker = require('kafkajs/src/broker') as { prototype: Record<'heartbeat' | 'joinGroup', unknown> }
const { KafkaJSProtocolError } = require('kafkajs/src/errors') as {
  KafkaJSProtocolError: new (error: object) => Error
}

/** The next call is answered with an error, as a broker that has just come back does; the others go through. */
function failOnce(method: 'heartbeat' | 'joinGroup', type: string): () => boolean {
  const original = Broker.prototype[method]
  let hasFailed = false
  Broker.prototype[method] = async () => {
    Broker.prototype[method] = original
    hasFailed = true
    throw new KafkaJSProtocolError({ type, code: 0, message: type, retriable: true })
  }
  return () => hasFailed
}

for (const startAt of ['committed', 'end'] as const) {
  test(`a join that a loading coordinator refuses leaves no deaf consumer (start at ${startAt})`, async () => {
    const options = { brokers: stackEnv().kafkaBrokers, clientId: 'lost-join', log: silentLogger() }
    await using bus = createKafkaBus({ ...options, metrics: testMetrics() })
    const topic = `test.lost-join.${randomUUID()}`
    await (await bus.admin()).ensureTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }])
    const producer = await bus.producer()
    const consumer = await bus.consumer()
    const heard: string[] = []
    await consumer.run({
      groupId: randomUUID(),
      topics: [topic],
      startAt,
      onAssigned: () => {},
      onRecords: ({ records }) => void heard.push(...records.map(({ value }) => value.toString())),
      onCrash: (error) => assert.fail(error.message),
    })
    await producer.send([{ topic, partition: 0, value: Buffer.from('before') }])
    await waitFor(() => heard.includes('before'), { timeoutMs: 20_000, what: 'the first record' })

    const hasLostJoin = failOnce('joinGroup', 'GROUP_LOAD_IN_PROGRESS')
    failOnce('heartbeat', 'NOT_COORDINATOR_FOR_GROUP')
    await waitFor(hasLostJoin, { timeoutMs: 20_000, what: 'the join to be refused' })
    await producer.send([{ topic, partition: 0, value: Buffer.from('after') }])
    await waitFor(() => heard.includes('after'), { timeoutMs: 20_000, what: 'a record after it' })
    assert.equal(consumer.health().isJoined, true)
  })
}
