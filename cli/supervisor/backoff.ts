const FIRST_MS = 200
const LONGEST_MS = 10_000
const HEALTHY_AFTER_MS = 30_000

/** How long to wait before the next start: doubles with every death, forgets after 30 s of health. */
export function createBackoff(): { nextDelayMs(healthyMs: number): number } {
  let deaths = 0
  return {
    nextDelayMs(healthyMs) {
      if (healthyMs >= HEALTHY_AFTER_MS) deaths = 0
      const delayMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** deaths)
      deaths = Math.min(deaths + 1, 30)
      return delayMs
    },
  }
}
