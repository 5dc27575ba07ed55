import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ticket } from './ledger.ts'
import { createPokes, type Outcome, type Pokes } from './pokes.ts'

let offset = 0
function ticket(): Ticket {
  return { partition: 0, offset: (offset += 1), generation: 1 }
}

/** Takes what is due and ends it all alike. */
function step(pokes: Pokes, nowMs: number, outcome: Outcome) {
  const due = pokes.takeDue(nowMs, 100)
  for (const poke of due) pokes.finish(poke, outcome, nowMs)
  return due.map(({ conversationId, headSeq, tickets }) => [conversationId, headSeq, tickets.length])
}

test('example: the first at once, what comes meanwhile as one after 50 ms, with the newest head', () => {
  const pokes = createPokes()
  pokes.add('7', 4, ticket())
  assert.deepEqual(step(pokes, 1000, 'sent'), [['7', 4, 1]])
  for (const head of [5, 7, 6]) pokes.add('7', head, ticket())
  assert.deepEqual(step(pokes, 1049, 'sent'), [])
  assert.equal(pokes.nextDueMs(), 1050)
  assert.deepEqual(step(pokes, 1050, 'sent'), [['7', 7, 3]])
})

test('conversations do not wait for each other, and nobody is passed over for ever', () => {
  const pokes = createPokes()
  for (const id of ['1', '2', '3']) pokes.add(id, 1, ticket())
  const [first, second] = pokes.takeDue(1000, 2)
  pokes.finish(first!, 'failed', 1000)
  pokes.finish(second!, 'failed', 1000)
  assert.deepEqual(
    pokes.takeDue(2000, 2).map(({ conversationId }) => conversationId),
    ['3', '1'],
  )
})

test('while it is in hand it is not due again, and what comes waits for the next', () => {
  const pokes = createPokes()
  pokes.add('7', 1, ticket())
  const [poke] = pokes.takeDue(1000, 10)
  pokes.add('7', 2, ticket())
  assert.deepEqual(pokes.takeDue(9000, 10), [])
  assert.equal(pokes.nextDueMs(), undefined)
  pokes.finish(poke!, 'sent', 9000)
  assert.deepEqual(step(pokes, 9050, 'sent'), [['7', 2, 1]])
})

test('with nobody acting on accepted pokes the interval grows to five seconds; a mark makes it 50 ms again', () => {
  const pokes = createPokes()
  const sentAt: number[] = []
  let outcome: Outcome = 'sent'
  for (let nowMs = 0; nowMs < 30_000; nowMs += 10) {
    pokes.add('7', nowMs, ticket())
    if (step(pokes, nowMs, outcome).length > 0) sentAt.push(nowMs)
  }
  const gaps = sentAt.map((at, index) => at - (sentAt[index - 1] ?? 0)).slice(1)
  assert.deepEqual(gaps.slice(0, 9), [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000])

  outcome = 'marked'
  assert.equal(step(pokes, 40_000, outcome).length, 1)
  pokes.add('7', 50_000, ticket())
  assert.equal(pokes.nextDueMs(), 40_050)
  step(pokes, 40_050, 'sent')
  assert.equal(pokes.nextDueMs(), 40_100)
})

test('after a poke it is looked at until a mark is seen, so that a worker that is quick does not make it slow', () => {
  const pokes = createPokes()
  pokes.add('7', 1, ticket())
  step(pokes, 1000, 'sent')
  assert.deepEqual(step(pokes, 1050, 'unmarked'), [['7', 1, 0]])
  assert.deepEqual(step(pokes, 1150, 'marked'), [['7', 1, 0]])
  assert.deepEqual(step(pokes, 1200, 'sent'), [])
  assert.equal(pokes.nextDueMs(), undefined)
  pokes.add('7', 2, ticket())
  assert.deepEqual(step(pokes, 1300, 'sent'), [['7', 2, 1]])
})

test('a conversation that has become quiet is forgotten, mark or no mark', () => {
  const pokes = createPokes()
  pokes.add('7', 1, ticket())
  step(pokes, 0, 'sent')
  let looks = 0
  for (let nowMs = 0; pokes.nextDueMs() !== undefined; nowMs += 10) {
    looks += step(pokes, nowMs, 'unmarked').length
    assert.ok(nowMs < 20_000)
  }
  assert.equal(looks, 7)
})

test('what failed is poked again with the same records and all that came meanwhile, ever slower, quickly once it works', () => {
  const pokes = createPokes()
  pokes.add('7', 1, ticket())
  const [poke] = pokes.takeDue(0, 10)
  pokes.add('7', 2, ticket())
  pokes.finish(poke!, 'failed', 0)
  assert.equal(pokes.nextDueMs(), 100)
  assert.deepEqual(step(pokes, 100, 'failed'), [['7', 2, 2]])
  assert.equal(pokes.nextDueMs(), 300)
  assert.deepEqual(step(pokes, 300, 'sent'), [['7', 2, 2]])
  assert.equal(pokes.nextDueMs(), 350)
})

test('what was in hand when all was forgotten changes nothing any more', () => {
  const pokes = createPokes()
  pokes.add('7', 1, ticket())
  const [old] = pokes.takeDue(0, 10)
  pokes.clear()
  pokes.add('7', 1, ticket())
  pokes.finish(old!, 'failed', 0)
  assert.deepEqual(step(pokes, 0, 'sent'), [['7', 1, 1]])
})
