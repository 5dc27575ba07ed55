import { findProgram } from './find.ts'
import { installDebianPackages } from './install.ts'
import { acquireLock } from './lock.ts'

const LOCK_TIMEOUT_MS = 15 * 60_000

/** Prometheus' checker of rules; Debian's, installed when it is missing, without the service that comes with it. Returns its path. */
export async function ensurePromtool(): Promise<string> {
  const found = await findProgram('promtool')
  if (found !== undefined) return found
  await using _ = await acquireLock('install', { timeoutMs: LOCK_TIMEOUT_MS })
  if ((await findProgram('promtool')) === undefined) await installDebianPackages(['prometheus'], () => {})
  const installed = await findProgram('promtool')
  if (installed === undefined) throw new Error('promtool was installed, but cannot be found')
  return installed
}
