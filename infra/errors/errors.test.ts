import assert from 'node:assert/strict'
import { test } from 'node:test'
import { status } from '@grpc/grpc-js'
import { AppError, errorBody, errorEntry, errorTable, isErrorCode, toAppError, type ErrorCode } from './index.ts'

const codes = Object.keys(errorTable) as ErrorCode[]

test('example: throw by name; at the edge everything becomes one JSON shape', () => {
  const thrown = new AppError('LIMIT_EXCEEDED', { details: { limit: 'members', max: 500 } })
  assert.deepEqual(errorBody(toAppError(thrown), 'trace-1'), {
    code: 'LIMIT_EXCEEDED',
    message: 'A published limit would be exceeded.',
    retryable: false,
    details: { limit: 'members', max: 500 },
    traceId: 'trace-1',
  })
})

test('what nobody planned is INTERNAL, keeps its cause for the log and shows nothing of it to the client', () => {
  const cause = new Error("Duplicate entry 'alice' for key 'users.name'")
  const error = toAppError(cause)
  assert.equal(error.cause, cause)
  assert.deepEqual(errorBody(error), {
    code: 'INTERNAL',
    message: errorTable.INTERNAL.message,
    retryable: true,
    retryAfterMs: 1000,
  })
  for (const odd of [undefined, null, 'text', 42, { code: 'FORBIDDEN' }]) assert.equal(toAppError(odd).code, 'INTERNAL')
})

test('an AppError stays the same object; aborted and timed-out calls are DEADLINE_EXCEEDED', async () => {
  const error = new AppError('FORBIDDEN')
  assert.equal(toAppError(error), error)
  assert.equal(toAppError(AbortSignal.abort().reason).code, 'DEADLINE_EXCEEDED')
  assert.equal(toAppError(new DOMException('late', 'TimeoutError')).code, 'DEADLINE_EXCEEDED')
})

test('message and retry advice of the thrower win over the table', () => {
  const error = new AppError('RATE_LIMITED', { message: 'Too many logins.', retryAfterMs: 30_000 })
  assert.equal(errorBody(error).message, 'Too many logins.')
  assert.equal(errorBody(error).retryAfterMs, 30_000)
})

test('isErrorCode knows the names of the table and nothing inherited', () => {
  assert.ok(isErrorCode('NOT_FOUND'))
  for (const value of ['toString', '__proto__', '', 5, undefined]) assert.equal(isErrorCode(value), false)
})

test('every row is sound: statuses exist, retry advice only where a retry helps, close codes of its kind', () => {
  for (const code of codes) {
    const { grpc, http, close, retryable, retryAfterMs, message } = errorEntry(code)
    assert.notEqual(status[grpc], undefined, code)
    assert.notEqual(grpc, status.OK, code)
    assert.ok(http >= 400 && http < 600, code)
    assert.ok(retryable || http < 500, `${code}: a fault of the server may be gone later`)
    assert.ok(retryAfterMs === undefined || retryable, `${code}: retry advice without a retry`)
    if (close !== undefined && close >= 4000)
      assert.equal(close < 4500, retryable, `${code}: close code of the wrong kind`)
    assert.match(message, /^[A-Z].*\.$/, code)
  }
})

test('no two errors close with the same code', () => {
  const closes = codes.flatMap((code) => errorEntry(code).close ?? [])
  assert.equal(new Set(closes).size, closes.length)
})
