import assert from 'node:assert/strict'
import { randomInt, randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { AppError } from '#infra/errors/index.ts'
import { stackEnv, waitFor } from '#infra/testing/index.ts'
import { deadLetter, redriveBatch, type DeadLetterState, type PoisonLetter } from '#workflows/contracts.ts'
import { openWorkflowStage, quietRuntime } from '../../support/workflow-stage.ts'

quietRuntime()
const { temporalAddress: address, temporalNamespace: namespace } = stackEnv()
const stage = await openWorkflowStage({ address, namespace })
after(() => stage[Symbol.asyncDispose]())
const { workflow } = stage.client

function poison(): PoisonLetter {
  const offset = randomInt(2 ** 47)
  return { kind: 'poison', topic: 'gochat.test', partition: 3, offset, index: -1, reason: `test-${randomUUID()}` }
}

async function park(letter = poison()) {
  const handle = workflow.getHandle(await stage.park(letter))
  const isIn = (state: DeadLetterState) => async () => (await handle.query(deadLetter.progress)).state === state
  await waitFor(isIn('parked'), { what: 'the letter' })
  return { letter, handle, isIn, progress: () => handle.query(deadLetter.progress) }
}

test('redriven poison is sent again, its copy dropped after that, and the letter ends', async () => {
  const calls: string[] = []
  stage.activities.reproducePoison = async ({ offset }) => void calls.push(`reproduce ${offset}`)
  stage.activities.dropPoison = async ({ offset }) => void calls.push(`drop ${offset}`)
  const { letter, handle } = await park()
  await handle.signal(deadLetter.redrive, { reason: 'fixed' })
  const { state, attempts } = (await handle.result()) as { state: string; attempts: number }
  assert.deepEqual([state, attempts], ['redriven', 1])
  assert.deepEqual(calls, [`reproduce ${letter.offset}`, `drop ${letter.offset}`])
})

test('a redrive that fails for good parks the letter again, with its attempts and why, and its copy stays', async () => {
  const dropped: unknown[] = []
  stage.activities.dropPoison = async (letter) => void dropped.push(letter)
  stage.activities.reproducePoison = async () => Promise.reject(new AppError('NOT_FOUND'))
  const { letter, handle, progress } = await park()
  const { parkedAt } = await progress()
  await handle.signal(deadLetter.redrive)
  await waitFor(async () => (await progress()).lastError !== '', { what: 'a failed redrive' })
  const { state, attempts, lastError, parkedAt: parkedAnew } = await progress()
  assert.deepEqual([state, attempts], ['parked', 1])
  assert.match(lastError, /^NOT_FOUND: /)
  assert.ok(parkedAnew > parkedAt)
  assert.deepEqual(dropped, [])
  await waitFor(
    async () =>
      (await workflow.count(`ImErrorType="${letter.reason}" AND ImState="parked" AND ImAttempts=1`)).count > 0,
    { timeoutMs: 15_000, what: 'visibility' },
  )
  await handle.signal(deadLetter.discard)
  assert.equal(((await handle.result()) as { state: string }).state, 'discarded')
  assert.deepEqual(dropped, [letter])
})

test('a redrive is tried five times before it has failed', { timeout: 60_000 }, async () => {
  let tries = 0
  stage.activities.reproducePoison = async () => {
    tries += 1
    throw new AppError('UNAVAILABLE', { retryAfterMs: 10 })
  }
  stage.activities.dropPoison = async () => undefined
  const { handle, progress } = await park()
  await handle.signal(deadLetter.redrive)
  await waitFor(async () => (await progress()).lastError !== '', { timeoutMs: 30_000, what: 'a failed redrive' })
  assert.equal(tries, 5)
  await handle.signal(deadLetter.discard)
  await handle.result()
})

test('a batch redrives what is parked at its rate, stands still while paused, and ends when a pass finds nothing new', async () => {
  const parked = new Set(['a', 'b', 'c', 'd', 'e'])
  const redriven: number[] = []
  stage.activities.listParked = async ({ query, cursor }) => {
    assert.equal(query, 'ImErrorType="x"')
    return cursor === ''
      ? { ids: [...parked].slice(0, 3), nextCursor: 'more' }
      : { ids: [...parked].slice(3), nextCursor: '' }
  }
  stage.activities.redriveOne = async ({ id }) => {
    if (id === 'c') return 'anew'
    redriven.push(performance.now())
    parked.delete(id)
    return id === 'd' ? 'gone' : 'redriven'
  }
  const batch = await workflow.start(redriveBatch.workflowType, {
    workflowId: redriveBatch.workflowId(randomUUID()),
    taskQueue: stage.taskQueue,
    args: [{ query: 'ImErrorType="x"', perSecond: 5 }],
  })
  await waitFor(() => redriven.length === 1, { what: 'the first' })
  await batch.signal(redriveBatch.pause, 'whatever')
  await waitFor(async () => (await batch.query(redriveBatch.progress)).state === 'paused', { what: 'a pause' })
  const { length: whenPaused } = redriven
  await new Promise((resolve) => setTimeout(resolve, 700))
  assert.ok(redriven.length <= whenPaused + 1)
  await batch.signal(redriveBatch.resume)
  const result = (await batch.result()) as { state: string; redriven: number; gone: number }
  assert.deepEqual([result.state, result.redriven, result.gone], ['done', 3, 1])
  const gaps = redriven.slice(1).map((at, index) => at - redriven[index]!)
  assert.ok(
    gaps.every((gap) => gap >= 180),
    gaps.join(', '),
  )
})
