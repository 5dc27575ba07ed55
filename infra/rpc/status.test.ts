import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Metadata, status } from '@grpc/grpc-js'

import { AppError, errorTable, isErrorCode } from '#infra/errors/index.ts'

import { fromStatus, toStatus } from './status.ts'

test('every error of the table survives the wire, with its own gRPC status', () => {
  for (const code of Object.keys(errorTable)) {
    assert.ok(isErrorCode(code))
    const wire = toStatus(new AppError(code))
    assert.equal(wire.code, errorTable[code].grpc)
    assert.equal(fromStatus(wire).code, code)
  }
})

test('a status without our trailer, or with a broken one, gets the nearest name', () => {
  const foreign = (code: number, trailer?: string) => {
    const metadata = new Metadata()
    if (trailer !== undefined) metadata.set('gochat-error', trailer)
    return fromStatus({ code, details: 'x', metadata }).code
  }
  assert.equal(foreign(status.UNAVAILABLE), 'UNAVAILABLE')
  assert.equal(foreign(status.DEADLINE_EXCEEDED), 'DEADLINE_EXCEEDED')
  assert.equal(foreign(status.RESOURCE_EXHAUSTED), 'PAYLOAD_TOO_LARGE')
  assert.equal(foreign(status.UNIMPLEMENTED), 'INTERNAL')
  assert.equal(foreign(status.NOT_FOUND, '{"code":"NO_SUCH_CODE"}'), 'NOT_FOUND')
  assert.equal(foreign(status.NOT_FOUND, 'not json'), 'NOT_FOUND')
})
