import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../testing/index.ts'
import { createLogThrottle } from './index.ts'

test('one line per gap, each with the number that was passed over since the last', () => {
  const clock = fakeClock()
  const shouldLog = createLogThrottle(1000, clock.now)
  assert.equal(shouldLog(), 0)
  assert.equal(shouldLog(), undefined)
  assert.equal(shouldLog(), undefined)
  clock.advance(1000)
  assert.equal(shouldLog(), 2)
  assert.equal(shouldLog(), undefined)
})
