import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricValue, testMetrics } from '../testing/index.ts'
import { createMetrics } from './index.ts'

test('example: a counter and a latency histogram appear in the text with service and instance', async () => {
  const metrics = createMetrics({ service: 'gateway', instance: 'gateway-1', hasProcessMetrics: false })
  metrics.counter('gochat_gateway_frames_total', 'Frames read.', ['type']).inc({ type: 'send' })
  metrics.histogram('gochat_gateway_ack_seconds', 'Frame to ack.').observe(0.003)

  const text = await metrics.text()
  assert.match(text, /gochat_gateway_frames_total{type="send",service="gateway",instance="gateway-1"} 1/)
  assert.match(text, /gochat_gateway_ack_seconds_bucket{le="0.005".*} 1/)
})

test('the same name gives the same metric; with another shape it is refused', () => {
  const metrics = testMetrics()
  const first = metrics.counter('gochat_frames_total', 'Frames.', ['type'])
  assert.equal(metrics.counter('gochat_frames_total', 'Frames.', ['type']), first)
  assert.throws(() => metrics.counter('gochat_frames_total', 'Frames.', ['kind']), /is counter\(type\)/)
  assert.throws(() => metrics.gauge('gochat_frames_total', 'Frames.', ['type']), /cannot also be gauge/)
})

test('names outside the convention are refused', () => {
  const metrics = testMetrics()
  assert.throws(() => metrics.gauge('connections', 'No prefix.'), /gochat_noun_unit/)
  assert.throws(() => metrics.gauge('gochat_Connections', 'Upper case.'), /gochat_noun_unit/)
  assert.throws(() => metrics.counter('gochat_frames', 'No total.'), /_total/)
})

test('scrape hooks run before each scrape until removed; one that throws is counted and hides nothing', async () => {
  const metrics = testMetrics()
  const gauge = metrics.gauge('gochat_pool_connections', 'Open.')
  let size = 3
  metrics.onScrape(() => assert.fail('broken hook'))
  const remove = metrics.onScrape(() => gauge.set(size))
  assert.equal(await metricValue(metrics, 'gochat_pool_connections'), 3)
  size = 4
  remove()
  assert.equal(await metricValue(metrics, 'gochat_pool_connections'), 3)
  assert.equal(await metricValue(metrics, 'gochat_metrics_hooks_failed_total'), 3)
})

test('process metrics and event-loop lag are there by default', async () => {
  const text = await createMetrics({ service: 'gateway', instance: 'gateway-1' }).text()
  assert.match(text, /process_cpu_seconds_total{service="gateway"/)
  assert.match(text, /nodejs_eventloop_lag_p99_seconds{/)
  assert.doesNotMatch(text, /nodejs_eventloop_utilization/)
  const busy = Number(/gochat_event_loop_busy_ratio{.*} (\S+)/.exec(text)?.[1])
  assert.ok(busy >= 0 && busy <= 1, String(busy))
})
