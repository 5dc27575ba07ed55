import { createRequire } from 'node:module'

interface RequestQueue {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
}

interface RequestQueueClass {
  readonly prototype: RequestQueue & {
    scheduleCheckPendingRequests: ((this: RequestQueue) => void) & { isGuarded?: true }
  }
}

/**
 * kafkajs 2.2.4 re-arms a 1 ms timer on every connection for ever, also with nothing to do: 4 % of a core when idle, and on
 * Node 24 a TimeoutNegativeWarning (issues 1704 and 1751, fixes unmerged). Here it arms only while requests wait or the
 * broker throttles; push() and every response call it again, so nothing is missed.
 */
export function guardIdleTimer(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/network/requestQueue') as RequestQueueClass
  const original = prototype.scheduleCheckPendingRequests
  if (original.isGuarded === true) return
  const guarded = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) original.call(this)
  }
  prototype.scheduleCheckPendingRequests = Object.assign(guarded, { isGuarded: true as const })
}
