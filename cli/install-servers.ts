import { acquireLock } from '#stack/lock.ts'
import { installDebianPackages } from '#stack/install.ts'
import type { ServerDefinition } from '#stack/server.ts'
import type { Progress } from './progress.ts'

const LOCK_TIMEOUT_MS = 30 * 60_000

/** Finds each server, installs all that are missing at the same time, and returns what was found by server name. */
export async function installServers(
  servers: readonly ServerDefinition[],
  progress: Progress,
): Promise<Map<string, Record<string, string>>> {
  if ((await findMissing(servers)).length > 0) {
    // The cache and apt are shared with other clones and profiles.
    await using _ = await acquireLock('install', {
      timeoutMs: LOCK_TIMEOUT_MS,
      onWait: () => progress.note('another gochat installs servers on this machine: waiting for it'),
    })
    await installMissing(await findMissing(servers), progress)
  }
  const found = new Map<string, Record<string, string>>()
  for (const server of servers) {
    const paths = await server.find()
    if (paths === undefined) throw new Error(`${server.title} was installed, but cannot be found`)
    found.set(server.name, paths)
  }
  return found
}

async function findMissing(servers: readonly ServerDefinition[]): Promise<ServerDefinition[]> {
  const found = await Promise.all(servers.map((server) => server.find()))
  return servers.filter((_, i) => found[i] === undefined)
}

async function installMissing(missing: readonly ServerDefinition[], progress: Progress): Promise<void> {
  const fromDebian = missing.filter((server) => server.debianPackages)
  const own = missing.filter((server) => server.install !== undefined)
  // The longest first: Temporal is compiled, which takes minutes.
  const work = own
    .toReversed()
    .map((server) => progress.step(`install ${server.title}`, (report) => server.install!(report)))
  if (fromDebian.length > 0) {
    const title = `install ${fromDebian.map((server) => server.title).join(', ')} from Debian`
    const packages = fromDebian.flatMap((server) => server.debianPackages ?? [])
    work.push(progress.step(title, (report) => installDebianPackages(packages, report)))
  }
  // All end before the error is told: one that goes on in the background would talk into it.
  const results = await Promise.allSettled(work)
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []))
  if (failures.length > 0) throw new Error(failures.join('\n\n'))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
