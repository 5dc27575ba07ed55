import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricValue, testMetrics } from '#infra/testing/index.ts'
import { createAckProbe } from './ack-probe.ts'

function setUp() {
  const metrics = testMetrics()
  const clock = { nowMs: 0 }
  const probe = createAckProbe(metrics, () => clock.nowMs)
  const count = () => metricValue(metrics, 'gochat_gateway_ack_seconds_count')
  const sum = () => metricValue(metrics, 'gochat_gateway_ack_seconds_sum')
  return { clock, probe, count, sum }
}

test('example: one frame is measured at a time, the others pass', async () => {
  const { clock, probe, count, sum } = setUp()
  probe.sent({ connection: 1, request: 'a' })
  clock.nowMs = 20
  probe.sent({ connection: 2, request: 'b' })
  probe.answered(2, 'b')
  probe.answered(1, 'another')
  clock.nowMs = 50
  probe.answered(1, 'a')
  probe.answered(1, 'a')
  assert.deepEqual([await count(), await sum()], [1, 0.05])
})

test('an answer that never comes counts with the time waited, and the next frame is measured', async () => {
  const { clock, probe, count, sum } = setUp()
  probe.sent({ connection: 1, request: 'lost' })
  clock.nowMs = 12_000
  probe.sent({ connection: 1, request: 'b' })
  clock.nowMs = 12_500
  probe.answered(1, 'b')
  assert.deepEqual([await count(), await sum()], [2, 12.5])
})
