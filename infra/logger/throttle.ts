/**
 * For errors that repeat while something is down: says whether to log now, and how many were passed over since.
 * `const shouldLog = createLogThrottle(5000); const passedOver = shouldLog(); if (passedOver !== undefined) log.warn({ passedOver }, '…')`
 */
export function createLogThrottle(minGapMs: number, now: () => number = Date.now): () => number | undefined {
  let lastMs = Number.NEGATIVE_INFINITY
  let passedOver = 0
  return () => {
    if (now() - lastMs < minGapMs) {
      passedOver += 1
      return undefined
    }
    const count = passedOver
    lastMs = now()
    passedOver = 0
    return count
  }
}
