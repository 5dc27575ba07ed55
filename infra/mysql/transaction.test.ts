import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sql, type MysqlPoolConnection } from 'kysely'

import { silentLogger } from '#infra/testing/index.ts'

import type { GuardedPool } from './guarded-pool.ts'
import { runTransaction } from './transaction.ts'

const log = silentLogger()

test('work runs between BEGIN and COMMIT, or ROLLBACK when it throws', async () => {
  const { pool, sent } = fakePool()
  assert.equal(await runTransaction(pool, async (tx) => (await sql`SELECT 1`.execute(tx), 'done'), log), 'done')
  assert.deepEqual(sent.splice(0), ['begin', 'SELECT 1', 'commit', '(released)'])
  await assert.rejects(
    runTransaction(pool, () => Promise.reject(new Error('no')), log),
    /no/,
  )
  assert.deepEqual(sent, ['begin', 'rollback', '(released)'])
})

test('a deadlock is repeated, at most as often as asked, then UNAVAILABLE', async () => {
  const deadlock = Object.assign(new Error('deadlock'), { errno: 1213 })
  const { pool, sent } = fakePool((text) => (text === 'SELECT 1' ? deadlock : null))
  const work = runTransaction(pool, (tx) => sql`SELECT 1`.execute(tx), log, { retries: 2 })
  await assert.rejects(work, { code: 'UNAVAILABLE' })
  assert.equal(sent.filter((text) => text === 'begin').length, 3)
  assert.equal(sent.filter((text) => text === 'rollback').length, 3)
})

test('a COMMIT whose outcome is unknown is not repeated', async () => {
  const lost = Object.assign(new Error('lost'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true })
  const { pool, sent } = fakePool((text) => (text === 'commit' ? lost : null))
  await assert.rejects(
    runTransaction(pool, async () => 1, log),
    /lost/,
  )
  assert.equal(sent.filter((text) => text === 'begin').length, 1)
})

test('work that takes too long loses its connection', async () => {
  const { pool, sent } = fakePool()
  const work = runTransaction(pool, () => new Promise(() => undefined), log, { timeoutMs: 20 })
  await assert.rejects(work, { code: 'DEADLINE_EXCEEDED' })
  assert.deepEqual(sent, ['begin', '(destroyed)'])
})

/** Records the SQL of every connection that it gives out. */
function fakePool(fail: (text: string) => Error | null = () => null): { pool: GuardedPool; sent: string[] } {
  const sent: string[] = []
  const acquire = async (): Promise<MysqlPoolConnection> => ({
    config: {},
    threadId: 1,
    connect: () => undefined,
    query(text, _parameters, done) {
      sent.push(text)
      setImmediate(() => done?.(fail(text), []))
      return { stream: () => assert.fail('no streams here') }
    },
    release: () => void sent.push('(released)'),
    destroy: () => void sent.push('(destroyed)'),
  })
  const unused = () => assert.fail('the transaction takes its connection by acquire')
  return { pool: { acquire, getConnection: unused, end: unused }, sent }
}
