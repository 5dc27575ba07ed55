import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir, findProgram, isThere, requireProgram } from './find.ts'
import { installDebianPackages } from './install.ts'
import { acquireLock } from './lock.ts'
import { run } from './run.ts'

const TIMEOUT_MS = 15 * 60_000
const REQUIREMENTS = join(import.meta.dirname, 'python/requirements.txt')

/**
 * The folder with python and the programs of stack/python/requirements.txt: a virtual environment in the per-user cache, made
 * when it is missing. Every package is pinned by its hash.
 */
export async function ensurePythonTools(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS)
  const folder = cacheDir(`python-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`)
  const bin = join(folder, 'bin')
  const stamp = join(folder, 'complete')
  if (await isThere(stamp)) return bin
  await using _ = await acquireLock('install', { timeoutMs: TIMEOUT_MS })
  if (await isThere(stamp)) return bin
  if (!(await hasVenv())) await installDebianPackages(['python3', 'python3-venv'], () => {})
  const python = await requireProgram('python3', 'Install python3 and python3-venv.')
  await run(python, ['-m', 'venv', '--clear', folder], { timeoutMs: TIMEOUT_MS })
  const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--require-hashes']
  await run(join(bin, 'python'), [...install, '--requirement', REQUIREMENTS], {
    timeoutMs: TIMEOUT_MS,
    hint: 'Is PyPI reachable (pip download)?',
  })
  await writeFile(stamp, '')
  return bin
}

/** Debian has Python without it. */
async function hasVenv(): Promise<boolean> {
  const python = await findProgram('python3')
  if (python === undefined) return false
  return run(python, ['-c', 'import ensurepip, venv'], { timeoutMs: 30_000 }).then(
    () => true,
    () => false,
  )
}
