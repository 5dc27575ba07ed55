import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart, stopWaves } from './order.ts'

const server = { name: 'mysql', dependsOn: [] }
const repo = { name: 'repo-1', dependsOn: ['mysql'] }
const logic = { name: 'logic-1', dependsOn: ['mysql', 'repo-1'] }
const names = (waves: { name: string }[][]): string[][] => waves.map((wave) => wave.map(({ name }) => name))

test('everything stops before what it depends on', () => {
  assert.deepEqual(names(stopWaves([server, repo, logic])), [['logic-1'], ['repo-1'], ['mysql']])
})

test('a circle of dependencies still stops', () => {
  const a = { name: 'a', dependsOn: ['b'] }
  const b = { name: 'b', dependsOn: ['a'] }
  assert.deepEqual(names(stopWaves([a, b])), [['a', 'b']])
})

test('a start waits for dependencies of the plan only', () => {
  assert.equal(canStart(repo, new Set(['mysql', 'repo-1']), new Set()), false)
  assert.equal(canStart(repo, new Set(['mysql', 'repo-1']), new Set(['mysql'])), true)
  assert.equal(canStart(repo, new Set(['repo-1']), new Set()), true)
})
