import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLatencies } from './latencies.ts'

test('percentiles are of all that was recorded, to a part in a thousand', () => {
  const latencies = createLatencies()
  for (let ms = 1; ms <= 1000; ms += 1) latencies.record(ms)
  for (const [percent, ms] of [
    [50, 500],
    [99, 990],
    [99.9, 999],
  ] as const) {
    assert.ok(Math.abs(latencies.percentile(percent) - ms) <= ms / 500, `p${percent}: ${latencies.percentile(percent)}`)
  }
  assert.ok(Math.abs(latencies.maxMs - 1000) <= 1)
})

test('nothing recorded is zero; what is beyond the scale is its end', () => {
  const latencies = createLatencies()
  assert.deepEqual([latencies.percentile(99), latencies.maxMs], [0, 0])
  latencies.record(1e9)
  latencies.record(-5)
  assert.ok(latencies.maxMs >= 59_000)
})
