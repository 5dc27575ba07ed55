import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryHeardMarks } from '#delivery/heard.ts'
import { AppError } from '#infra/errors/index.ts'
import { silentLogger, waitFor } from '#infra/testing/index.ts'
import { createHeard } from './heard.ts'

function setUp() {
  const inner = memoryHeardMarks()
  const place = { slot: 1, epoch: 10 }
  let puts = 0
  let failure: Error | undefined
  const marks = {
    ...inner,
    async put(...[at, ranges]: Parameters<typeof inner.put>) {
      puts += 1
      if (failure !== undefined) throw failure
      await inner.put(at, ranges)
    },
  }
  const heard = createHeard({ marks, place: () => ({ ...place }), log: silentLogger(), everyMs: 5 })
  const told = async (conversationId: string) =>
    [...(await inner.read(conversationId))].map(([key, { fromSeq, upToSeq }]) => `${key}: ${fromSeq}–${upToSeq}`)
  const waitForTold = (conversationId: string, ...expected: string[]) =>
    waitFor(async () => JSON.stringify(await told(conversationId)) === JSON.stringify(expected), {
      what: expected.join(),
      timeoutMs: 1000,
    })
  return {
    heard,
    place,
    told,
    waitForTold,
    puts: () => puts,
    failWith: (error: Error | undefined) => void (failure = error),
  }
}

test('example: what is handed out without a gap is one range, told in a few writes', async () => {
  const { heard, waitForTold, puts } = setUp()
  for (let seq = 5; seq <= 1000; seq += 1) heard.add('7', seq)
  heard.add('8', 1)
  await waitForTold('7', '1.10: 5–1000')
  await waitForTold('8', '1.10: 1–1')
  assert.equal(puts(), 1)
  assert.deepEqual(
    [heard.has('7', 4), heard.has('7', 5), heard.has('7', 1000), heard.has('7', 1001)],
    [false, true, true, false],
  )
  await heard[Symbol.asyncDispose]()
})

test('behind a gap, or before the range, a new one begins: nothing is called heard that was not', async () => {
  const { heard, waitForTold } = setUp()
  for (const seq of [1, 2, 4]) heard.add('7', seq)
  assert.deepEqual([heard.has('7', 2), heard.has('7', 3), heard.has('7', 4)], [false, false, true])
  await waitForTold('7', '1.10: 4–4')
  heard.add('7', 2)
  heard.add('7', 3)
  await waitForTold('7', '1.10: 2–3')
  await heard[Symbol.asyncDispose]()
})

test('Redis away: the newest is told when it is back', async () => {
  const { heard, waitForTold, failWith, puts, told } = setUp()
  failWith(new AppError('UNAVAILABLE'))
  heard.add('7', 1)
  await waitFor(() => puts() > 1, { what: 'a second try' })
  heard.add('7', 2)
  assert.deepEqual(await told('7'), [])
  failWith(undefined)
  await waitForTold('7', '1.10: 1–2')
  await heard[Symbol.asyncDispose]()
})

test('what is forgotten begins anew, under the place of now; what could not be told before is dropped', async () => {
  const { heard, place, waitForTold, failWith, puts, told } = setUp()
  failWith(new AppError('UNAVAILABLE'))
  heard.add('7', 1)
  heard.add('8', 1)
  await waitFor(() => puts() > 0, { what: 'a try' })
  heard.forget()
  place.epoch = 11
  failWith(undefined)
  heard.add('7', 2)
  await waitForTold('7', '1.11: 2–2')
  assert.deepEqual(await told('8'), [])
  await heard[Symbol.asyncDispose]()
})

test('what comes again is told again: Redis may have lost it', async () => {
  const { heard, puts, waitForTold } = setUp()
  heard.add('100', 7)
  await waitForTold('100', '1.10: 7–7')
  const before = puts()
  heard.repeat('100')
  await waitFor(() => puts() > before, { what: 'the mark written again', timeoutMs: 1000 })
  await heard[Symbol.asyncDispose]()
})
