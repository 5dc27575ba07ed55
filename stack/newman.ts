import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir, isThere, requireProgram } from './find.ts'
import { acquireLock } from './lock.ts'
import { run } from './run.ts'

const TIMEOUT_MS = 10 * 60_000
const SOURCE = join(import.meta.dirname, 'newman')
const FILES = ['package.json', 'package-lock.json']

/** newman's script, installed into the per-user cache as its own lock file says when it is missing. */
export async function ensureNewman(): Promise<string> {
  const lock = await readFile(join(SOURCE, 'package-lock.json'))
  const folder = cacheDir(`newman-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`)
  const script = join(folder, 'node_modules/newman/bin/newman.js')
  // Written by npm when all is in place.
  const stamp = join(folder, 'node_modules/.package-lock.json')
  if (await isThere(stamp)) return script
  await using _ = await acquireLock('install-newman', { timeoutMs: TIMEOUT_MS })
  if (await isThere(stamp)) return script
  const npm = await requireProgram('npm', 'newman comes from the npm registry.')
  await mkdir(folder, { recursive: true })
  await Promise.all(FILES.map((file) => copyFile(join(SOURCE, file), join(folder, file))))
  await run(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    timeoutMs: TIMEOUT_MS,
    hint: 'Is the npm registry reachable (npm ping)?',
  })
  return script
}
