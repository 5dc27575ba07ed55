export interface BackoffOptions {
  readonly minMs: number
  readonly maxMs: number
  /** Default 2. */
  readonly factor?: number
  /** The share of each delay that is random, 0 to 1. Default 0.5. */
  readonly jitter?: number
  readonly random?: () => number
}

/** Endless delays in milliseconds: grows from `minMs` to `maxMs`, never above it. A new generator starts anew. */
export function* backoff(options: BackoffOptions): Generator<number, never, void> {
  const { minMs, maxMs, factor = 2, jitter = 0.5, random = Math.random } = options
  for (let delayMs = minMs; ; delayMs = Math.min(maxMs, delayMs * factor)) {
    yield delayMs * (1 - jitter * random())
  }
}
