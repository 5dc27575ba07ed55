import type { Metrics } from '#infra/metrics/index.ts'
import { clientFrames, serverFrames } from '#proto/frames/index.ts'

/** Counts frames by type in plain numbers, which cost nothing per frame; the counters catch up at each scrape. */
export interface FrameCounts {
  received(type: string): void
  sent(type: string, count: number): void
}

export function createFrameCounts(metrics: Metrics): FrameCounts {
  const received = tally(Object.keys(clientFrames))
  const sent = tally(Object.keys(serverFrames))
  const receivedTotal = metrics.counter('gochat_gateway_frames_received_total', 'Frames from clients', ['type'])
  const sentTotal = metrics.counter('gochat_gateway_frames_sent_total', 'Frames queued for clients', ['type'])
  metrics.onScrape(() => {
    received.drain((type, count) => receivedTotal.inc({ type }, count))
    sent.drain((type, count) => sentTotal.inc({ type }, count))
  })
  return { received: (type) => received.add(type, 1), sent: (type, count) => sent.add(type, count) }
}

/** Types that are not in the contract count as `other`: a label of unbounded range would fill the registry. */
function tally(types: readonly string[]) {
  const counts = new Map([...types, 'other'].map((type) => [type, 0]))
  return {
    add(type: string, count: number): void {
      const known = counts.has(type) ? type : 'other'
      counts.set(known, counts.get(known)! + count)
    },
    drain(take: (type: string, count: number) => void): void {
      for (const [type, count] of counts) {
        if (count > 0) take(type, count)
        counts.set(type, 0)
      }
    },
  }
}
