import type { Metrics } from '#infra/metrics/index.ts'
import type { ReplyAddress } from './ports.ts'

/**
 * How long clients wait for an answer, from the receipt of their frame until the answer is here. One frame at a time is
 * measured, so that all others cost a comparison.
 */
export interface AckProbe {
  sent(replyTo: ReplyAddress): void
  answered(connection: number, request: string): void
}

/** An answer that has not come by then counts with the time waited: the next frame is measured. */
const giveUpMs = 10_000

export function createAckProbe(metrics: Metrics, now: () => number = () => performance.now()): AckProbe {
  const seconds = metrics.histogram('gochat_gateway_ack_seconds', 'From a frame or request to its answer, sampled.')
  let measured: (ReplyAddress & { sentAtMs: number }) | undefined

  function end(): void {
    seconds.observe((now() - measured!.sentAtMs) / 1000)
    measured = undefined
  }

  return {
    sent({ connection, request }) {
      if (measured !== undefined && now() - measured.sentAtMs >= giveUpMs) end()
      measured ??= { connection, request, sentAtMs: now() }
    },
    answered(connection, request) {
      if (measured?.connection === connection && measured.request === request) end()
    },
  }
}
