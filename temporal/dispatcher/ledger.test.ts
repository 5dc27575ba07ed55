import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createCommitLedger, type Ticket } from './ledger.ts'

const topic = 'gochat.tasks'

function offsetsOf(ledger: ReturnType<typeof createCommitLedger>): number[][] {
  return ledger.take().map(({ partition, offset }) => [partition, offset])
}

test('example: nothing is committed across a record that is open, whatever is done behind it', () => {
  const ledger = createCommitLedger(topic)
  ledger.reset(1)
  const [first, second] = [ledger.open(0, 7, 1), ledger.open(0, 8, 1)]
  const other = ledger.open(3, 20, 1)
  ledger.done(second)
  ledger.done(other)
  assert.deepEqual(offsetsOf(ledger), [[3, 21]])
  assert.equal(ledger.waiting, 1)
  ledger.done(first)
  assert.deepEqual(offsetsOf(ledger), [[0, 9]])
  assert.deepEqual(offsetsOf(ledger), [])
})

test('a record is done when all its tasks are, and one without tasks at once', () => {
  const ledger = createCommitLedger(topic)
  ledger.reset(1)
  const both = ledger.open(0, 1, 2)
  ledger.open(0, 2, 0)
  ledger.done(both)
  assert.deepEqual(offsetsOf(ledger), [])
  ledger.done(both)
  assert.deepEqual(offsetsOf(ledger), [[0, 3]])
})

test('what ends under a newer assignment is not ours to commit', () => {
  const ledger = createCommitLedger(topic)
  ledger.reset(1)
  const old = ledger.open(0, 4, 1)
  ledger.reset(2)
  assert.equal(ledger.waiting, 0)
  assert.equal(ledger.isCurrent(old), false)
  const again = ledger.open(0, 4, 1)
  ledger.done(old)
  assert.deepEqual(offsetsOf(ledger), [])
  ledger.done(again)
  assert.deepEqual(offsetsOf(ledger), [[0, 5]])
})

test('after a failed commit it is asked for again, unless there is a newer assignment', () => {
  const ledger = createCommitLedger(topic)
  ledger.reset(1)
  ledger.done(ledger.open(0, 4, 1))
  const failed = ledger.take()
  ledger.putBack(failed, 1)
  assert.deepEqual(offsetsOf(ledger), [[0, 5]])
  ledger.reset(2)
  ledger.open(0, 9, 1)
  ledger.putBack(failed, 1)
  assert.deepEqual(offsetsOf(ledger), [])
})

test('in whatever order records end, what is committed never passes an open one and never goes back', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2), { minLength: 1, maxLength: 30 }), fc.infiniteStream(fc.nat()), (tasks, picks) => {
      const ledger = createCommitLedger(topic)
      ledger.reset(1)
      const open: Ticket[] = tasks.flatMap(
        (count, offset) => Array(count).fill(ledger.open(0, offset, count)) as Ticket[],
      )
      let committed = 0
      for (;;) {
        for (const { offset } of ledger.take()) {
          assert.ok(offset > committed)
          committed = offset
        }
        assert.equal(committed, Math.min(tasks.length, ...open.map(({ offset }) => offset)))
        if (open.length === 0) return
        ledger.done(open.splice((picks.next().value ?? 0) % open.length, 1)[0]!)
      }
    }),
  )
})
