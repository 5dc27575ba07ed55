import assert from 'node:assert/strict'
import { test } from 'node:test'

import { AppError } from '#infra/errors/index.ts'

import { retryDelayMs } from './connect.ts'
import { translateError } from './errors.ts'

test('connection trouble is UNAVAILABLE, no answer DEADLINE_EXCEEDED, an answer of Redis stays what it is', () => {
  const code = (error: unknown) => {
    const translated = translateError(error)
    return translated instanceof AppError ? translated.code : translated.name
  }
  assert.equal(code(new Error('Connection is closed.')), 'UNAVAILABLE')
  assert.equal(code(new Error('Command timed out')), 'DEADLINE_EXCEEDED')
  assert.equal(code(Object.assign(new Error('WRONGTYPE'), { name: 'ReplyError' })), 'ReplyError')
  assert.equal(code(new AppError('RATE_LIMITED')), 'RATE_LIMITED')
})

test('reconnects wait longer each time, up to two seconds', () => {
  for (const attempt of [1, 2, 5, 50, 5_000]) {
    const fullMs = Math.min(50 * 2 ** (attempt - 1), 2_000)
    const delayMs = retryDelayMs(attempt)
    assert.ok(delayMs >= fullMs / 2 && delayMs <= fullMs, `attempt ${attempt}: ${delayMs}`)
  }
})
