export interface FakeClock {
  /** Epoch milliseconds; hand it over where code takes `now`. */
  readonly now: () => number
  /** Negative goes back, as real clocks do. */
  advance(ms: number): void
}

/** A clock that moves only when told. For timers use `mock.timers` of node:test. */
export function fakeClock(startMs = Date.UTC(2025, 0, 1)): FakeClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms
    },
  }
}
