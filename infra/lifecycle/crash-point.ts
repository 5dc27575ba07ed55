import { unlinkSync } from 'node:fs'

/**
 * A place where a test may have this process killed, as by `kill -9`: between two steps whose crash window must be harmless.
 * Off unless GOCHAT_CRASH_AT names the point; fires once for each time that the file GOCHAT_CRASH_FILE is made.
 * Production mode refuses to start with GOCHAT_CRASH_AT set (`refuseCrashPoints`).
 */
export type CrashPoint = 'after-produce' | 'after-commit' | 'after-dispatch'

const armed = process.env['GOCHAT_CRASH_AT']
const file = process.env['GOCHAT_CRASH_FILE']

export function crashPoint(name: CrashPoint): void {
  if (armed !== name || file === undefined) return
  try {
    unlinkSync(file)
  } catch {
    return
  }
  process.kill(process.pid, 'SIGKILL')
}

/** @throws Error in production mode when a crash point is armed. */
export function refuseCrashPoints(mode: string): void {
  if (mode === 'production' && armed !== undefined)
    throw new Error('GOCHAT_CRASH_AT is for tests: unset it in production.')
}
