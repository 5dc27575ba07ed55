import assert from 'node:assert/strict'
import { test } from 'node:test'

import { AppError } from '#infra/errors/index.ts'

import { isDeadlock, isDuplicateKey, translateError } from './errors.ts'

const sqlError = (more: object) => Object.assign(new Error('from mysql2'), more)
const codeOf = (error: unknown) => {
  const translated = translateError(error)
  return translated instanceof AppError ? translated.code : 'as it was'
}

test('errors about the server get a name, errors about the statement stay as they are', () => {
  assert.equal(codeOf(sqlError({ code: 'PROTOCOL_CONNECTION_LOST', fatal: true })), 'UNAVAILABLE')
  assert.equal(codeOf(sqlError({ code: 'ECONNREFUSED' })), 'UNAVAILABLE')
  assert.equal(codeOf(sqlError({ errno: 1040, code: 'ER_CON_COUNT_ERROR' })), 'UNAVAILABLE')
  assert.equal(codeOf(sqlError({ errno: 1053, code: 'ER_SERVER_SHUTDOWN' })), 'UNAVAILABLE')
  assert.equal(codeOf(sqlError({ errno: 1969 })), 'DEADLINE_EXCEEDED')
  assert.equal(codeOf(sqlError({ errno: 3024 })), 'DEADLINE_EXCEEDED')
  assert.equal(codeOf(sqlError({ errno: 1062 })), 'as it was')
  assert.equal(codeOf(sqlError({ errno: 1064 })), 'as it was')
  assert.equal(codeOf(new AppError('FORBIDDEN')), 'FORBIDDEN')
})

test('duplicate keys and deadlocks are recognised, also as the cause of an AppError', () => {
  const duplicate = sqlError({ errno: 1062 })
  assert.equal(isDuplicateKey(duplicate), true)
  assert.equal(isDuplicateKey(new AppError('INTERNAL', { cause: duplicate })), true)
  assert.equal(isDuplicateKey(sqlError({ errno: 1213 })), false)
  assert.equal(isDuplicateKey(undefined), false)
  assert.equal(isDeadlock(sqlError({ errno: 1213 })), true)
  assert.equal(isDeadlock(sqlError({ errno: 1205 })), true)
  assert.equal(isDeadlock(new Error('other')), false)
})
