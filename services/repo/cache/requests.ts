import type { Counter, Metrics } from '#infra/metrics/index.ts'

/** One counter for whatever repo keeps, in Redis or by itself; the hit ratio of a kind is read from it. */
export function cacheRequests(metrics: Metrics): Counter<'kind' | 'result'> {
  return metrics.counter('gochat_repo_cache_requests_total', 'Keys looked up in the cache.', ['kind', 'result'])
}
