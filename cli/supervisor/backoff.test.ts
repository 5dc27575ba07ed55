import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBackoff } from './backoff.ts'

test('the delay doubles from 0.2 s and stays at 10 s', () => {
  const backoff = createBackoff()
  const delays = Array.from({ length: 8 }, () => backoff.nextDelayMs(0))
  assert.deepEqual(delays, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
})

test('30 s of health start it over, less does not', () => {
  const backoff = createBackoff()
  backoff.nextDelayMs(0)
  backoff.nextDelayMs(0)
  assert.equal(backoff.nextDelayMs(29_999), 800)
  assert.equal(backoff.nextDelayMs(30_000), 200)
})
