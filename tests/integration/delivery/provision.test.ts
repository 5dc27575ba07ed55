import assert from 'node:assert/strict'
import { test } from 'node:test'
import { provisionTopics } from '#delivery/provision.ts'
import { downstreamTopic, topics } from '#delivery/topics.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { recordingLogger, silentLogger, stackEnv, testMetrics } from '#infra/testing/index.ts'

test('example: provisioning makes every topic; a second time it finds nothing to do and nothing that differs', async () => {
  await provisionTopics(process.env, { log: silentLogger() })
  const { log, lines } = recordingLogger()
  await provisionTopics(process.env, { log })
  assert.deepEqual(
    lines.filter(({ msg }) => /topic/.test(String(msg))),
    [],
  )

  const brokers = stackEnv().kafkaBrokers
  await using bus = createKafkaBus({ brokers, clientId: 'test', log: silentLogger(), metrics: testMetrics() })
  const admin = await bus.admin()
  const found = new Set(await admin.topics())
  for (const topic of [topics.upstream, topics.tasks, downstreamTopic(0), downstreamTopic(15)])
    assert.ok(found.has(topic), topic)
  assert.equal((await admin.watermarks(topics.upstream)).length, 8)
})
