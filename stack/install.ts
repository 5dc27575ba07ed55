import { chmod, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { findProgram, isThere } from './find.ts'
import { run } from './run.ts'
import type { Report } from './server.ts'

const APT_TIMEOUT_MS = 10 * 60_000
const POLICY = '/usr/sbin/policy-rc.d'

/** Installs Debian packages without letting any of them start, or stay enabled as, a system service. */
export async function installDebianPackages(packages: readonly string[], report: Report): Promise<void> {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  if (!(await findProgram('apt-get'))) {
    throw new Error(`These servers are needed, and this machine has no apt-get to install them: ${packages.join(', ')}`)
  }
  if (process.getuid?.() !== 0) throw new Error(`Only root can install packages. Run: sudo ${command}`)
  if (!(await havePackageLists())) await updateLists(report)
  const before = await enabledUnits()
  await using _ = await forbidAutostart()
  report(`installing ${packages.join(' ')}`)
  await install(packages).catch(async () => {
    // Old lists name versions that the mirror no longer has.
    await updateLists(report)
    report(`installing ${packages.join(' ')}`)
    await install(packages)
  })
  await disableUnitsNotIn(before)
}

async function install(packages: readonly string[]): Promise<void> {
  await run('apt-get', [...LOCK_WAIT, '-q', '-y', '--no-install-recommends', 'install', ...packages], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: APT_TIMEOUT_MS,
    hint: 'Try by hand: apt-get update && apt-get install --no-install-recommends ' + packages.join(' '),
  })
}

const LOCK_WAIT = ['-o', 'DPkg::Lock::Timeout=300']

async function updateLists(report: Report): Promise<void> {
  report('apt-get update')
  await run('apt-get', [...LOCK_WAIT, '-q', 'update'], {
    timeoutMs: APT_TIMEOUT_MS,
    hint: 'Is the Debian mirror reachable?',
  })
}

async function havePackageLists(): Promise<boolean> {
  const files = await readdir('/var/lib/apt/lists').catch(() => [])
  return files.some((file) => file.includes('_Packages'))
}

/** Debian asks /usr/sbin/policy-rc.d before it starts a service; 101 means no. What stood there before is put back. */
async function forbidAutostart(): Promise<AsyncDisposable> {
  const kept = `${POLICY}.before-gochat`
  const hadPolicy = await isThere(POLICY)
  // A run that was killed in the middle has left the real one under the other name.
  if (hadPolicy && !(await isThere(kept))) await rename(POLICY, kept)
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n')
  await chmod(POLICY, 0o755)
  return {
    [Symbol.asyncDispose]: async () => {
      if (await isThere(kept)) await rename(kept, POLICY)
      else await rm(POLICY, { force: true })
    },
  }
}

const UNITS = '/etc/systemd/system/multi-user.target.wants'

async function enabledUnits(): Promise<Set<string>> {
  return new Set(await readdir(UNITS).catch(() => []))
}

async function disableUnitsNotIn(before: Set<string>): Promise<void> {
  const added = [...(await enabledUnits())].filter((unit) => !before.has(unit))
  if (added.length > 0 && (await findProgram('systemctl'))) {
    await run('systemctl', ['-q', 'disable', ...added], { timeoutMs: 30_000 })
  }
}
