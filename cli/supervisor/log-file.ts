import { mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const MAX_LOG_BYTES = 50 * 1024 * 1024

/**
 * Opens a log for appending; a large one is kept as `.1` first. The child writes to the file itself, not through us, so that
 * it lives on when the supervisor dies.
 */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true })
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (bytes > MAX_LOG_BYTES) renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}
