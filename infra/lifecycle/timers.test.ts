import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { test } from 'node:test'
import { waitFor } from '../testing/index.ts'
import { backoff, every, sleep, withTimeout } from './index.ts'

const fail = (error: unknown) => assert.ifError(error)

test('example: a loop that polls until its process stops', async () => {
  const controller = new AbortController()
  let runs = 0
  every(1, () => void (runs += 1), { signal: controller.signal, onError: fail })
  await waitFor(() => runs >= 3, { what: 'three runs' })
  controller.abort()
  const runsAtStop = runs
  await setTimeout(10)
  assert.equal(runs, runsAtStop)
})

test('every never overlaps itself, and asynchronous disposal waits for the run under way', async () => {
  let active = 0
  let ended = 0
  const loop = every(
    1,
    async () => {
      active += 1
      assert.equal(active, 1)
      await setTimeout(5)
      active -= 1
      ended += 1
    },
    { onError: fail },
  )
  await waitFor(() => ended >= 2 && active === 1, { pollMs: 1, what: 'a third run under way' })
  await loop[Symbol.asyncDispose]()
  assert.equal(active, 0)
})

test('every goes on after an error, and tells it', async () => {
  const errors: unknown[] = []
  using _loop = every(1, () => Promise.reject(new Error('once more')), { onError: (error) => errors.push(error) })
  await waitFor(() => errors.length >= 2, { what: 'two errors' })
})

test('every aborts the run under way on stop, and what that run throws then is not an error', async () => {
  let isAborted = false
  let hasStarted = false
  const loop = every(
    1,
    async (signal) => {
      hasStarted = true
      await sleep(10_000, signal).catch((error: unknown) => {
        isAborted = true
        throw error
      })
    },
    { onError: fail },
  )
  await waitFor(() => hasStarted, { what: 'the first run' })
  await loop[Symbol.asyncDispose]()
  assert.ok(isAborted)
})

test('every with an already aborted signal never runs', async () => {
  every(1, () => assert.fail('ran'), { signal: AbortSignal.abort(), onError: fail })
  await setTimeout(5)
})

test('sleep ends at once when aborted', async () => {
  await assert.rejects(sleep(10_000, AbortSignal.timeout(5)), { name: 'AbortError' })
  await assert.rejects(sleep(10_000, AbortSignal.abort()), { name: 'AbortError' })
  await sleep(1)
})

test('withTimeout passes results and errors on', async () => {
  assert.equal(await withTimeout(Promise.resolve(1), 1000), 1)
  await assert.rejects(
    withTimeout(() => Promise.reject(new Error('own')), 1000),
    /own/,
  )
})

test('withTimeout: late work gets the named error and an aborted signal; its late failure is dropped', async () => {
  let signalOfWork: AbortSignal | undefined
  const work = (signal: AbortSignal) => {
    signalOfWork = signal
    return setTimeout(15).then(() => Promise.reject(new Error('too late to matter')))
  }
  await assert.rejects(withTimeout(work, 5, 'ACK_TIMEOUT'), { name: 'AppError', code: 'ACK_TIMEOUT', retryable: true })
  assert.ok(signalOfWork?.aborted)
  await setTimeout(20)
})

test('backoff grows by its factor up to the maximum, and jitter only shortens', () => {
  const options = { minMs: 100, maxMs: 500, factor: 2, jitter: 0.5 }
  const take = (random: () => number) =>
    backoff({ ...options, random })
      .take(5)
      .toArray()
  assert.deepEqual(
    take(() => 0),
    [100, 200, 400, 500, 500],
  )
  assert.deepEqual(
    take(() => 1),
    [50, 100, 200, 250, 250],
  )
})
