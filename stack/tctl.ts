import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir, isExecutable, requireProgram } from './find.ts'
import { acquireLock } from './lock.ts'
import { run } from './run.ts'
import type { Report } from './server.ts'

/** The server's module of that time holds tctl 1.15.1; later ones have none, and tctl's own module does not install. */
const MODULE = 'go.temporal.io/server/cmd/tools/cli@v1.15.2'
const TIMEOUT_MS = 20 * 60_000
const CACHE = cacheDir('tctl-1.15.1')

/** The path of tctl, Temporal's older command line, or undefined when it must be installed. */
export async function findTctl(): Promise<string | undefined> {
  const path = join(CACHE, 'tctl')
  return (await isExecutable(path)) ? path : undefined
}

/** Builds it into the per-user cache and returns its path. */
export async function installTctl(report: Report): Promise<string> {
  await using _ = await acquireLock('install-tctl', {
    timeoutMs: TIMEOUT_MS,
    onWait: () => report('another gochat installs it: waiting'),
  })
  const found = await findTctl()
  if (found !== undefined) return found
  const go = await requireProgram('go', 'tctl is built with Go 1.24 or newer.')
  report('building tctl with Go, a minute or more')
  const work = `${CACHE}.new`
  await mkdir(work, { recursive: true })
  // Code of that age links against what newer Go keeps to itself.
  await run(go, ['install', '-ldflags=-checklinkname=0', MODULE], {
    env: { GOBIN: work },
    timeoutMs: TIMEOUT_MS,
    hint: 'Is the Go module proxy reachable (go env GOPROXY)? Is there 2 GB of free disk?',
  })
  await mkdir(CACHE, { recursive: true })
  const path = join(CACHE, 'tctl')
  await rename(join(work, 'cli'), path)
  return path
}
