import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { fakeClock, freePort, metricValue, recordingLogger, stackEnv, testMetrics, waitFor } from './index.ts'

test('example: a test waits for an outcome instead of sleeping, and reads metrics and log lines', async () => {
  const metrics = testMetrics()
  const { log, lines } = recordingLogger()
  setTimeout(() => {
    metrics.counter('gochat_example_events_total', 'Events.', ['kind']).inc({ kind: 'good' }, 2)
    log.info({ kind: 'good' }, 'event')
  }, 5)

  await waitFor(() => lines.length === 1, { what: 'one log line' })
  assert.equal(await metricValue(metrics, 'gochat_example_events_total', { kind: 'good' }), 2)
  assert.equal(await metricValue(metrics, 'gochat_example_events_total', { kind: 'bad' }), undefined)
  assert.equal(lines[0]?.['kind'], 'good')
})

test('waitFor says what it waited for and keeps the last error as its cause', async () => {
  const failing = waitFor(() => Promise.reject(new Error('refused')), { timeoutMs: 20, what: 'the server' })
  await assert.rejects(failing, (error: Error) => {
    assert.match(error.message, /the server/)
    assert.match(String(error.cause), /refused/)
    return true
  })
})

test('fakeClock moves only when told, also backwards', () => {
  const clock = fakeClock(1000)
  clock.advance(5)
  clock.advance(-10)
  assert.equal(clock.now(), 995)
})

test('freePort gives a port below the ephemeral range that can be listened on', async () => {
  const port = await freePort()
  assert.ok(port < 32_768)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  server.close()
})

test('stackEnv names the missing variable and how to run the test', () => {
  const env = stackEnv({ GOCHAT_KAFKA_BROKERS: '127.0.0.1:1,127.0.0.1:2' })
  assert.deepEqual(env.kafkaBrokers, ['127.0.0.1:1', '127.0.0.1:2'])
  assert.throws(() => env.redisUrl, /GOCHAT_REDIS_URL is not set.*gochat test/)
})
