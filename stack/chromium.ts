import { findProgram } from './find.ts'
import { installDebianPackages } from './install.ts'
import { acquireLock } from './lock.ts'

const LOCK_TIMEOUT_MS = 15 * 60_000

/** The browser with which tests look at pages; Debian's, installed when it is missing. Returns its path. */
export async function ensureChromium(): Promise<string> {
  const found = await findProgram('chromium')
  if (found !== undefined) return found
  await using _ = await acquireLock('install', { timeoutMs: LOCK_TIMEOUT_MS })
  if ((await findProgram('chromium')) === undefined) await installDebianPackages(['chromium'], () => {})
  const installed = await findProgram('chromium')
  if (installed === undefined) throw new Error('chromium was installed, but cannot be found')
  return installed
}
