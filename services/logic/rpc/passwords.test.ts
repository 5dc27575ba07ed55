import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { AppError } from '#infra/errors/index.ts'
import { createPasswords } from './passwords.ts'

test('the pool is bounded: beyond its queue hashing is refused, and what waits is done', async () => {
  const passwords = createPasswords({ cost: 'low', maxConcurrent: 1, maxWaiting: 2 })
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.hash('a good one')))
  const codes = results.map((result) => (result.status === 'fulfilled' ? 'ok' : (result.reason as AppError).code))
  assert.deepEqual(codes, ['ok', 'ok', 'ok', 'OVERLOADED', 'OVERLOADED'])
  assert.equal(await passwords.verify(await passwords.hash('x'), 'x'), true)
})

test('a user that does not exist costs a hash of the same parameters, and no password is right for it', async () => {
  const passwords = createPasswords({ cost: 'low' })
  assert.equal(await passwords.verify(undefined, ''), false)
  const stored = await passwords.hash('a good one')
  const costMs = async (hash: string | undefined) => {
    const startedAt = performance.now()
    for (let count = 0; count < 5; count += 1) await passwords.verify(hash, 'another one')
    return performance.now() - startedAt
  }
  await costMs(stored)
  const [known, unknown] = [await costMs(stored), await costMs(undefined)]
  assert.ok(unknown > known / 4 && unknown < known * 4, `${known} ms and ${unknown} ms`)
})

test('who has hung up before its turn costs nothing', async () => {
  const passwords = createPasswords({ cost: 'low', maxConcurrent: 1 })
  const controller = new AbortController()
  const first = passwords.hash('a good one')
  const second = passwords.hash('a good one', controller.signal)
  controller.abort()
  await first
  await assert.rejects(second, { code: 'DEADLINE_EXCEEDED' })
  assert.match(await passwords.hash('a good one'), /^\$argon2id\$/)
})

test('while a hundred wait, files and names do not: threads are left for them', async () => {
  const passwords = createPasswords({ cost: 'low' })
  let done = 0
  const hashes = Array.from({ length: 100 }, () => passwords.hash('a good one').then(() => (done += 1)))
  for (let count = 0; count < 5; count += 1) await readFile(import.meta.filename)
  assert.ok(done < 50, `five files took as long as ${done} hashes`)
  await Promise.all(hashes)
})
