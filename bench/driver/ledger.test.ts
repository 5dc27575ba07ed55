import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeter, Ledger, type Receiver } from './ledger.ts'

/** A writer and two readers; each message is sent, acknowledged, and pushed as `pushes` says. */
function room(pushes: readonly (readonly number[])[], acked: readonly number[] = [1, 2, 3, 4]) {
  const meter = createMeter()
  meter.isMeasuring = true
  const ledger = new Ledger(meter, 1 + pushes.length)
  for (const seq of acked) {
    ledger.sent()
    ledger.answered(0, 0, seq)
  }
  for (const [i, seqs] of pushes.entries()) for (const seq of seqs) ledger.receivers[1 + i]!.take(0, seq, 1, 2)
  const { duplicated, reordered, delivered, refused } = meter
  return { ledger, lost: ledger.lost(), duplicated, reordered, delivered, refused, unexpected: ledger.unexpected() }
}

const whole = [1, 2, 3, 4]

test('what everybody holds once and in order is clean', () => {
  const { lost, duplicated, reordered, unexpected, delivered } = room([whole, whole])
  assert.deepEqual({ lost, duplicated, reordered, unexpected }, { lost: 0, duplicated: 0, reordered: 0, unexpected: 0 })
  assert.equal(delivered, 8)
})

test('each reader that lacks an acknowledged message is one loss, also for the first and the last', () => {
  assert.equal(room([[2, 3, 4], whole]).lost, 1)
  assert.equal(
    room([
      [1, 2, 4],
      [1, 2, 4],
    ]).lost,
    2,
  )
  assert.equal(room([[1, 2, 3], []]).lost, 5)
})

test('a message that came twice is a duplicate and no loss; also one that comes back to who sent it', () => {
  const { lost, duplicated, reordered } = room([[1, 2, 2, 3, 4], whole])
  assert.deepEqual({ lost, duplicated, reordered }, { lost: 0, duplicated: 1, reordered: 0 })
  const own = room([whole])
  own.ledger.receivers[0]!.take(0, 4, 1, 2)
  assert.equal(own.ledger.meter.duplicated, 1)
})

test('a message behind a later one is reordered, once', () => {
  const { lost, duplicated, reordered } = room([[1, 3, 2, 4], whole])
  assert.deepEqual({ lost, duplicated, reordered }, { lost: 0, duplicated: 0, reordered: 1 })
})

test('order is per source: writers that number their own do not disturb each other', () => {
  const meter = createMeter()
  const ledger = new Ledger(meter, 1)
  const reader = ledger.receivers[0]!
  for (const [source, number] of [
    [0, 5],
    [1, 0],
    [0, 6],
    [1, 1],
    [1, 0],
  ] as const)
    reader.take(source, number, 0, 0)
  assert.deepEqual([meter.reordered, meter.duplicated], [0, 1])
})

test('a send that nobody answers is lost, though everybody has it', () => {
  const { ledger } = room([whole])
  ledger.sent()
  ledger.receivers[1]!.take(0, 5, 1, 2)
  assert.equal(ledger.lost(), 1)
  assert.equal(ledger.unexpected(), 0)
})

test('a message that no send was answered with was stored twice', () => {
  assert.equal(room([[...whole, 5]]).unexpected, 1)
})

test('the same answer to two sends is a duplicate', () => {
  assert.equal(room([whole], [1, 2, 3, 4, 4]).duplicated, 1)
})

test('a refusal is counted and frees the writer', () => {
  const ledger = new Ledger(createMeter(), 1)
  const freed: number[] = []
  ledger.onFree = (writer) => freed.push(writer)
  ledger.sent()
  ledger.refused(0)
  assert.deepEqual([ledger.meter.refused, ledger.unanswered, freed], [1, 0, [0]])
})

test('with release by all a writer is free when everybody has it, whichever comes last', () => {
  const ledger = new Ledger(createMeter(), 3)
  ledger.release = 'all'
  const freed: number[] = []
  ledger.onFree = (writer) => freed.push(writer)
  const [, one, two] = ledger.receivers as [Receiver, Receiver, Receiver]
  ledger.answered(0, 0, 1)
  one.take(0, 1, 0, 0)
  assert.deepEqual(freed, [])
  two.take(0, 1, 0, 0)
  assert.deepEqual(freed, [0])
  one.take(0, 2, 0, 0)
  one.take(0, 2, 0, 0)
  two.take(0, 2, 0, 0)
  assert.deepEqual(freed, [0])
  ledger.answered(0, 0, 2)
  assert.deepEqual(freed, [0, 0])
})
