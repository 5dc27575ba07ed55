import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createPrefixMap } from './prefix-map.ts'

const entry = (key: string, value: string, revision: number) => ({ key, value, revision })

test('what is older than what is known changes nothing', () => {
  const map = createPrefixMap()
  map.replace([entry('a', 'new', 5)], 6)
  map.put(entry('a', 'old', 4))
  map.delete('a', 3)
  map.replace([], 2)
  assert.equal(map.entries.get('a')?.value, 'new')
  assert.equal(map.revision, 6)
})

test('changes of one revision are all applied', () => {
  const map = createPrefixMap()
  map.replace([entry('gone', 'x', 1)], 1)
  map.put(entry('a', '1', 2))
  map.put(entry('b', '1', 2))
  map.delete('gone', 2)
  assert.deepEqual([...map.entries.keys()], ['a', 'b'])
})

test('listeners hear changes only: not an equal snapshot, a repeated put, or the deletion of nothing', () => {
  const map = createPrefixMap()
  let heard = 0
  map.onChange(() => (heard += 1))
  map.put(entry('a', '1', 2))
  assert.equal(heard, 1)
  map.put(entry('a', '1', 2))
  map.replace([entry('a', '1', 2)], 9)
  map.delete('b', 10)
  assert.equal(heard, 1)
  map.replace([entry('a', '1', 2), entry('b', '1', 11)], 11)
  assert.equal(heard, 2)
})
