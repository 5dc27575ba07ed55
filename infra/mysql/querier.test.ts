import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Connection } from 'mysql2'

import { AppError } from '#infra/errors/index.ts'

import { createQuerier, type Querier } from './querier.ts'
import type { QueryMetrics } from './query-metrics.ts'

const nothing = () => undefined
const metrics: QueryMetrics = { observe: nothing, waiting: nothing, busy: nothing, connectionFailed: nothing }

test('a query that is not answered in time fails, as does the one behind it, and the connection is destroyed once', async () => {
  const { connection, state } = fakeConnection()
  let broken = 0
  const querier = createQuerier(connection, { timeoutMs: 20, metrics, onBroken: () => (broken += 1) })
  const outcomes = await Promise.all([codeOf(querier, 'one'), codeOf(querier, 'two')])
  assert.deepEqual(outcomes, ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'])
  assert.equal(state.destroyed, 1)
  assert.equal(broken, 1)
  assert.equal(await codeOf(querier, 'three'), 'DEADLINE_EXCEEDED')
  assert.equal(state.answers.length, 2, 'nothing is sent on a broken connection')
})

test('an answer that comes after the failure is not given again', async () => {
  const { connection, state } = fakeConnection()
  const querier = createQuerier(connection, { timeoutMs: 1_000, metrics })
  let calls = 0
  querier.query('one', [], () => (calls += 1))
  querier.breakOff(new Error('cut'))
  state.answers[0]?.(null, 'late')
  assert.equal(calls, 1)
})

test('an error of the statement leaves the connection alone, a lost connection breaks it', async () => {
  const { connection, state } = fakeConnection()
  const querier = createQuerier(connection, { timeoutMs: 1_000, metrics })
  const first = codeOf(querier, 'one')
  state.answers[0]?.(Object.assign(new Error('duplicate'), { errno: 1062 }))
  assert.equal(await first, 'duplicate')
  assert.equal(state.destroyed, 0)

  const second = codeOf(querier, 'two')
  state.answers[1]?.(Object.assign(new Error('gone'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }))
  assert.equal(await second, 'UNAVAILABLE')
  assert.equal(state.destroyed, 1)
})

function codeOf(querier: Querier, text: string): Promise<string> {
  return new Promise((resolve) => {
    querier.query(text, [], (error) => resolve(error instanceof AppError ? error.code : (error?.message ?? 'OK')))
  })
}

function fakeConnection() {
  const state = { destroyed: 0, answers: [] as ((error: Error | null, result?: unknown) => void)[] }
  const connection = {
    query: (_query: object, done: (error: Error | null, result?: unknown) => void) => state.answers.push(done),
    destroy: () => (state.destroyed += 1),
  }
  return { connection: connection as unknown as Connection, state }
}
