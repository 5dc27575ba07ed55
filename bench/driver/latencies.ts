import { build } from 'hdr-histogram-js'

/** Latencies in milliseconds, recorded to the microsecond, up to a minute. */
export interface Latencies {
  record(ms: number): void
  percentile(percent: number): number
  readonly maxMs: number
}

export function createLatencies(): Latencies {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  })
  return {
    record: (ms) => histogram.recordValue(Math.min(60_000_000, Math.max(1, Math.round(ms * 1000)))),
    // It rounds up, beyond the largest.
    percentile: (percent) => Math.min(maxMs(), histogram.getValueAtPercentile(percent) / 1000),
    get maxMs() {
      return maxMs()
    },
  }

  function maxMs(): number {
    return histogram.totalCount === 0 ? 0 : histogram.maxValue / 1000
  }
}
