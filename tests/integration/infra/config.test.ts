import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { createLiveConfig } from '#infra/config/index.ts'
import { connectEtcd } from '#infra/discovery/index.ts'
import { metricValue, silentLogger, stackEnv, testMetrics, waitFor } from '#infra/testing/index.ts'

test('live values through the real etcd: applied, refused, removed, seen by two processes at the same revision', async () => {
  const key = `/gochat-test/${process.pid}/config`
  const schema = Type.Object({ liveThreshold: Type.Integer({ minimum: 1 }) }, { additionalProperties: false })
  const log = silentLogger()
  const metrics = testMetrics()
  await using etcd = connectEtcd({ endpoints: stackEnv().etcdEndpoints, log })
  const options = { etcd, key, schema, defaults: { liveThreshold: 500 }, log, metrics }
  await using first = await createLiveConfig(options)
  assert.deepEqual([first.current.liveThreshold, first.revision], [500, 0])

  const revision = await etcd.put(key, '{"liveThreshold": 5}')
  await waitFor(() => first.revision === revision, { what: 'the change' })
  await using second = await createLiveConfig({ ...options, metrics: testMetrics() })
  assert.deepEqual([second.current.liveThreshold, second.revision], [5, revision])
  assert.equal(await metricValue(metrics, 'gochat_config_applied_revision'), revision)

  await etcd.put(key, '{"liveThreshold": -5}')
  await waitFor(async () => (await metricValue(metrics, 'gochat_config_refused_total')) === 1, { what: 'the refusal' })
  assert.deepEqual([first.current.liveThreshold, first.revision], [5, revision])

  await etcd.delete(key)
  await waitFor(() => first.revision === 0 && second.revision === 0, { what: 'the defaults' })
  assert.equal(second.current.liveThreshold, 500)
})
