import { build } from 'hdr-histogram-js'

/** Latencies in milliseconds, recorded to the microsecond, up to a minute. */
export interface Latencies {
  record(ms: number): void
  percentile(percent: number): number
  readonly count: number
}

export function createLatencies(): Latencies {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  })
  return {
    record: (ms) => histogram.recordValue(Math.min(60_000_000, Math.max(1, Math.round(ms * 1000)))),
    percentile: (percent) => histogram.getValueAtPercentile(percent) / 1000,
    get count() {
      return histogram.totalCount
    },
  }
}
