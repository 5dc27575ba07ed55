import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeqSet } from './seq-set.ts'

test('holds each number once, also beyond its first size and at the borders of words', () => {
  const set = new SeqSet()
  for (const n of [0, 31, 32, 1023, 1024, 70_000]) assert.equal(set.add(n), true)
  for (const n of [0, 31, 32, 1023, 1024, 70_000]) assert.equal(set.add(n), false)
  assert.equal(set.size, 6)
})

test('counts what another set lacks, whichever of the two is longer', () => {
  const [all, some] = [new SeqSet(), new SeqSet()]
  for (let n = 0; n < 5000; n += 1) {
    all.add(n)
    if (n % 7 !== 0 && n < 3000) some.add(n)
  }
  assert.equal(all.countMissingIn(some), 5000 - some.size)
  assert.equal(some.countMissingIn(all), 0)
  assert.equal(all.countMissingIn(all), 0)
})
