import { revoke } from '#delivery/revoke.ts'
import type { SlotView } from '#delivery/slot-view.ts'
import type { Transport } from '#delivery/transport.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'

/** Tells every gateway of sessions that have ended. */
export type Revoke = (revocation: {
  readonly userId: string
  readonly sessionIds: readonly string[]
  readonly isSuspension?: boolean
}) => Promise<void>

export interface RevocationDeps {
  readonly transport: Transport
  readonly slots: SlotView
  readonly log: Logger
  readonly metrics: Metrics
}

/** Never fails: that they have ended is stored, and gateways find out by themselves within half a minute. */
export function createRevoke({ transport, slots, log, metrics }: RevocationDeps): Revoke {
  const total = metrics.counter('gochat_logic_sessions_ended_total', 'Sessions ended before their time')
  return async ({ userId, sessionIds, isSuspension = false }) => {
    if (sessionIds.length === 0) return
    total.inc(sessionIds.length)
    try {
      await revoke(transport, slots.live(), { userId, sessionIds, isSuspension })
    } catch (error) {
      log.warn({ err: error, userId }, 'gateways could not be told of ended sessions')
    }
  }
}
