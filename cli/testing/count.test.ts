import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCounter, type TestResult } from './count.ts'

const result = (nesting: number, more: Partial<TestResult> = {}): TestResult => ({
  name: 'a test',
  nesting,
  file: 'a.test.ts',
  details: {},
  ...more,
})

test('leaves count, suites and parents do not', () => {
  const { count, totals } = createCounter()
  count(result(1), true)
  count(result(1), true)
  count(result(0, { details: { type: 'suite' } }), true)
  count(result(0), true)
  assert.deepEqual([totals.passed, totals.failed], [3, 0])
})

test('a parent counts as failed only for a reason of its own', () => {
  const { count, totals } = createCounter()
  count(result(1), false)
  count(result(0, { details: { error: { failureType: 'subtestsFailed' } } }), false)
  assert.deepEqual([totals.passed, totals.failed], [0, 1])
  count(result(1), true)
  count(result(0, { details: { error: { failureType: 'hookFailed' } } }), false)
  assert.deepEqual([totals.passed, totals.failed], [1, 2])
})

test('skipped and todo tests count as neither', () => {
  const { count, totals } = createCounter()
  count(result(0, { skip: true }), true)
  count(result(0, { skip: 'not today' }), true)
  count(result(0, { todo: '' }), false)
  assert.deepEqual([totals.passed, totals.failed], [0, 0])
})
