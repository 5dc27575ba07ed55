import assert from 'node:assert/strict'
import { test } from 'node:test'
import { medianRow, ratioOf, spreadOf } from './median.ts'
import { isClean, rowWithoutMessages, serverSum } from './row.ts'

const rate = (messagesPerSecond: number, faults: { readonly lost?: number; readonly refused?: number } = {}) =>
  rowWithoutMessages(
    'p2p-w1',
    'gochat',
    { pagesPerSecond: messagesPerSecond },
    {
      messagesPerSecond,
      maxMs: messagesPerSecond,
      cpuMicrosPerMessage: new Map([['gateway', messagesPerSecond]]),
      ...faults,
    },
  )

test('the median of an odd number is the middle one, of an even number the mean of the two', () => {
  assert.deepEqual(spreadOf([5, 1, 9]), { median: 5, min: 1, max: 9 })
  assert.deepEqual(spreadOf([4, 1, 9, 2]), { median: 3, min: 1, max: 9 })
  assert.equal(spreadOf([7]).median, 7)
})

test('a median row: figures by their median, faults by their sum, the worst of the maxima', () => {
  const row = medianRow([rate(10, { lost: 1 }), rate(30, { refused: 2 }), rate(20)])
  assert.equal(row.messagesPerSecond, 20)
  assert.equal(row.figures['pagesPerSecond'], 20)
  assert.equal(row.cpuMicrosPerMessage.get('gateway'), 20)
  assert.equal(row.maxMs, 30)
  assert.deepEqual([row.lost, row.refused, isClean(row)], [1, 2, false])
})

test('ratios are of runs beside each other, not of medians', () => {
  const messages = (row: { messagesPerSecond: number }) => row.messagesPerSecond
  // Medians would say 10 ÷ 10.
  assert.equal(ratioOf([rate(10), rate(40), rate(5)], [rate(5), rate(10), rate(20)], messages)?.median, 2)
  assert.equal(ratioOf([rate(10)], [rate(0)], messages), undefined)
  assert.equal(ratioOf([rate(10)], [], messages), undefined)
  assert.equal(ratioOf([rate(10), rate(20)], [rate(10)], messages)?.median, 1)
})

test('only a row without any fault is clean', () => {
  assert.ok(isClean(rate(0)))
  for (const fault of ['lost', 'duplicated', 'reordered', 'refused', 'closed']) {
    assert.ok(!isClean({ ...rate(1), [fault]: 1 }), fault)
  }
})

test('the driver is no server', () => {
  assert.equal(
    serverSum(
      new Map([
        ['gateway', 2],
        ['mysql', 3],
        ['driver', 100],
      ]),
    ),
    5,
  )
})
