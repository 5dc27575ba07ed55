import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricValue, testMetrics } from '#infra/testing/index.ts'
import { serverGauges } from './watch-server.ts'

test('what Redis says of itself becomes gauges; other fields, and what is no number, do not', async () => {
  const metrics = testMetrics()
  const show = serverGauges(metrics)
  show(
    '# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nmaxmemory:0\r\nkeyspace_hits:30\r\nkeyspace_misses:10\r\n',
  )
  show('used_memory:many\r\n')
  assert.equal(await metricValue(metrics, 'gochat_redis_memory_used_bytes'), 1_048_576)
  assert.equal(await metricValue(metrics, 'gochat_redis_keyspace_hits'), 30)
  assert.equal(await metricValue(metrics, 'gochat_redis_keyspace_misses'), 10)
})
