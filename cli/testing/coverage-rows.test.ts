import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addUp, checkCoverage, formatCoverage } from './coverage-rows.ts'

const file = (sourcePath: string, covered: number, total: number) => {
  const share = { covered, total }
  return {
    sourcePath,
    summary: { lines: share, functions: { covered: 1, total: 2 }, branches: { covered: 0, total: 0 } },
  }
}

test('files add up by folder, weighed by their lines, and the total comes last', () => {
  const rows = addUp([file('sdk/a.ts', 1, 10), file('infra/id/b.ts', 30, 30), file('sdk/src/c.ts', 29, 30)])
  const lines = formatCoverage(rows)
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))
  assert.deepEqual(lines, [
    ['Coverage', 'lines %', 'functions %', 'branches %'],
    ['infra', '100.0', '50.0', '100.0'],
    ['sdk', '75.0', '50.0', '100.0'],
    ['total', '85.7', '50.0', '100.0'],
  ])
})

test('less than 80 % of all lines is a failure with a name, whatever one folder has', () => {
  assert.equal(checkCoverage(addUp([file('sdk/a.ts', 0, 20), file('infra/b.ts', 80, 80)])).failed, 0)
  assert.deepEqual(checkCoverage(addUp([file('sdk/a.ts', 0, 20), file('infra/b.ts', 79, 80)])), {
    passed: 0,
    failed: 1,
    failures: ['coverage: 79.0 % of the lines, fewer than 80 %'],
  })
})
