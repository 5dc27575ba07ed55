import type { Metrics } from '#infra/metrics/index.ts'
import type { Connection } from './connection.ts'
import { jsonFrame } from './text-frame.ts'

/** Tells sockets that pushes may have been lost. Spread over two seconds: each answer is a sync that costs a query. */
export interface Resync extends Disposable {
  /** Each is told once, however often it is named before its turn. */
  tell(connections: Iterable<Connection>, reason: ResyncReason): void
}

/**
 * slot: the gateway leased anew. redis, route: routes were missing. gap, consumer: downstream records may be.
 * audience: entries of a large conversation were dropped, or handed out without these users.
 */
export type ResyncReason = 'slot' | 'redis' | 'route' | 'gap' | 'consumer' | 'audience'

const spreadMs = 2000
const stepMs = 100

export function createResync(metrics: Metrics): Resync {
  const total = metrics.counter('gochat_gateway_resyncs_total', 'Sockets told to sync, by why pushes may be lost', [
    'reason',
  ])
  const frame = jsonFrame({ t: 'resync' })
  const waiting = new Map<Connection, ResyncReason>()
  let perStep = 0
  let timer: NodeJS.Timeout | undefined

  function step(): void {
    for (const [connection, reason] of waiting.entries().take(perStep)) {
      waiting.delete(connection)
      if (!connection.isReady || !connection.socket.isOpen) continue
      total.inc({ reason })
      connection.sendPrepared(frame, 'resync')
    }
    timer = waiting.size === 0 ? undefined : setTimeout(step, stepMs)
  }

  return {
    tell(connections, reason) {
      for (const connection of connections) waiting.set(connection, reason)
      perStep = Math.ceil((waiting.size * stepMs) / spreadMs)
      if (waiting.size > 0) timer ??= setTimeout(step, stepMs)
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
      waiting.clear()
    },
  }
}
