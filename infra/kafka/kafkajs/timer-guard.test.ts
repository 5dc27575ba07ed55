import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it, mock } from 'node:test'
import { guardIdleTimer } from './timer-guard.ts'

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (options: object) => {
  pending: unknown[]
  throttledUntil: number
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}

function timersOf(state: { pending?: unknown[]; throttledUntil?: number }): number {
  const queue = new RequestQueue({ maxInFlightRequests: 0, logger: { debug() {} } })
  Object.assign(queue, state)
  const setTimeout = mock.method(globalThis, 'setTimeout', () => 1)
  try {
    queue.checkPendingRequests()
    return setTimeout.mock.callCount()
  } finally {
    setTimeout.mock.restore()
  }
}

describe('guardIdleTimer', () => {
  it('an idle connection arms no timer; one with waiting requests or throttled by the broker does', () => {
    guardIdleTimer()
    guardIdleTimer()
    assert.equal(timersOf({}), 0)
    assert.equal(timersOf({ pending: [{}] }), 1)
    assert.equal(timersOf({ throttledUntil: Date.now() + 1000 }), 1)
  })
})
