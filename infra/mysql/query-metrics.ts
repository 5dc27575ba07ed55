import type { Metrics } from '#infra/metrics/index.ts'

import { isDeadlock, isDuplicateKey } from './errors.ts'

/** What the pool and the hot connection count. `kind` tells them apart. */
export interface QueryMetrics {
  observe(startedAt: number, error: Error | null): void
  waiting(change: 1 | -1): void
  busy(change: 1 | -1): void
  /** No connection could be made, or none was had in time. */
  connectionFailed(): void
}

export function createQueryMetrics(metrics: Metrics, kind: 'pool' | 'hot'): QueryMetrics {
  const seconds = metrics.histogram(
    'gochat_mysql_query_seconds',
    'Time from sending a query to its answer',
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    ['kind'],
  )
  const failed = metrics.counter('gochat_mysql_failed_queries_total', 'Queries that ended with an error', [
    'kind',
    'reason',
  ])
  const waiting = metrics.gauge('gochat_mysql_pool_waiting', 'Callers that wait for a connection', ['kind'])
  const unconnected = metrics.counter(
    'gochat_mysql_connections_failed_total',
    'Connections that could not be made, or were not had in time',
    ['kind'],
  )
  // A rule sees a rise only from a number that was there before.
  unconnected.inc({ kind }, 0)
  const busy = metrics.gauge('gochat_mysql_pool_busy', 'Connections in use', ['kind'])

  return {
    observe(startedAt, error) {
      seconds.observe({ kind }, (performance.now() - startedAt) / 1000)
      if (error) failed.inc({ kind, reason: reasonOf(error) })
    },
    waiting: (change) => waiting.inc({ kind }, change),
    busy: (change) => busy.inc({ kind }, change),
    connectionFailed: () => unconnected.inc({ kind }),
  }
}

function reasonOf(error: Error): string {
  if (isDuplicateKey(error)) return 'duplicate'
  return isDeadlock(error) ? 'deadlock' : 'other'
}
