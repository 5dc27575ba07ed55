import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLargeWith } from './delivery-class.ts'

test('example: large above the threshold, direct again only well below it', () => {
  const counts = [9, 10, 11, 10, 9, 8, 7, 8, 10, 11]
  let isLarge = false
  const classes = counts.map((count) => (isLarge = isLargeWith(10, count, isLarge)))
  assert.deepEqual(classes, [false, false, true, true, true, true, false, false, false, true])
})

test('a threshold that moves turns a conversation that stands still, and a pair is never large', () => {
  assert.equal(isLargeWith(5, 6, false), true)
  assert.equal(isLargeWith(8, 6, true), false)
  assert.equal(isLargeWith(2, 2, false), false)
})
