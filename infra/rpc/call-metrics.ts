import type { DescMethod } from '@bufbuild/protobuf'

import type { Metrics } from '#infra/metrics/index.ts'

/** Per method (as `UserRepo/GetUsers`) and outcome (`OK` or the name of the error). */
export interface CallMetrics {
  observe(method: DescMethod, startedAt: number, outcome: string): void
  retried(method: DescMethod): void
  streamOpened(method: DescMethod, change: 1 | -1): void
}

export function createCallMetrics(metrics: Metrics, side: 'client' | 'server'): CallMetrics {
  const seconds = metrics.histogram(`gochat_rpc_${side}_seconds`, `Unary calls seen by the ${side}`, undefined, [
    'method',
    'outcome',
  ])
  const retries = metrics.counter('gochat_rpc_client_retries_total', 'Calls sent again', ['method'])
  const streams = metrics.gauge(`gochat_rpc_${side}_streams`, `Open streams seen by the ${side}`, ['method'])
  return {
    observe: (method, startedAt, outcome) =>
      seconds.observe({ method: labelOf(method), outcome }, (performance.now() - startedAt) / 1000),
    retried: (method) => retries.inc({ method: labelOf(method) }),
    streamOpened: (method, change) => streams.inc({ method: labelOf(method) }, change),
  }
}

export function labelOf(method: DescMethod): string {
  return `${method.parent.name}/${method.name}`
}
