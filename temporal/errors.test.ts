import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metadata, status } from '@grpc/grpc-js'
import { ServiceError, WorkflowNotFoundError } from '@temporalio/client'
import { AppError } from '#infra/errors/index.ts'
import { translateError } from './errors.ts'

function grpcError(code: number, details = 'why'): Error {
  return Object.assign(new Error(`${code} ${details}`), { code, details, metadata: new Metadata() })
}

test('what Temporal says has the same name whether its client has wrapped it or not', () => {
  const names = [
    [status.UNAVAILABLE, 'UNAVAILABLE'],
    [status.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED'],
    [status.RESOURCE_EXHAUSTED, 'OVERLOADED'],
    [status.INVALID_ARGUMENT, 'INVALID_ARGUMENT'],
    [status.NOT_FOUND, 'NOT_FOUND'],
    [status.DATA_LOSS, 'INTERNAL'],
  ] as const
  for (const [code, name] of names) {
    assert.equal(translateError(grpcError(code)).code, name)
    assert.equal(translateError(new ServiceError('failed', { cause: grpcError(code) })).code, name)
  }
})

test("a refusal carries Temporal's reason, for the operator who wrote the query", () => {
  const error = translateError(grpcError(status.INVALID_ARGUMENT, 'invalid query: no such column'))
  assert.match(error.message, /no such column/)
})

test('a workflow that is not there, or has ended, is NOT_FOUND; an AppError stays itself', () => {
  assert.equal(translateError(new WorkflowNotFoundError('completed', 'fanout/7', undefined)).code, 'NOT_FOUND')
  const own = new AppError('FENCED')
  assert.equal(translateError(own), own)
})
