/** How long to wait before attempt 0, 1, 2, …: growing, capped, and random in its whole range, so that nobody comes back together. */
export function reconnectDelayMs(attempt: number, random: () => number = Math.random): number {
  const ceilingMs = Math.min(20_000, 250 * 2 ** Math.min(attempt, 10))
  return 50 + random() * ceilingMs
}

/** Close codes that no reconnect can help: something must change first. Everything else is worth another try. */
export function isFinalClose(code: number): boolean {
  return (code >= 4500 && code <= 4999) || code === 1008
}

/** The server refused what we last sent, by closing: sending it again would close again. */
export function refusedFrameCode(code: number): 'INVALID_UTF8' | 'FRAME_TOO_LARGE' | undefined {
  if (code === 1007) return 'INVALID_UTF8'
  if (code === 1009) return 'FRAME_TOO_LARGE'
  return undefined
}
