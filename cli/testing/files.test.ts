import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sortTestFiles } from './files.ts'

const ALL = [
  'tests/fault/kill.test.ts',
  'tests/integration/redis.test.ts',
  'tests/layers.test.ts',
  'infra/redis/ttl.test.ts',
]

test('tests are told apart by their folder', () => {
  assert.deepEqual(sortTestFiles(ALL, []), {
    unit: ['infra/redis/ttl.test.ts', 'tests/layers.test.ts'],
    server: ['tests/integration/redis.test.ts'],
    fault: ['tests/fault/kill.test.ts'],
  })
})

test('a pattern is part of a path or a glob', () => {
  assert.equal(Object.values(sortTestFiles(ALL, ['redis'])).flat().length, 2)
  assert.deepEqual(sortTestFiles(ALL, ['tests/**/*.test.ts']).unit, ['tests/layers.test.ts'])
  assert.deepEqual(Object.values(sortTestFiles(ALL, ['nothing'])).flat(), [])
})
