import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Totals } from './count.ts'

export interface RunFilesOptions {
  root: string
  files: readonly string[]
  /** A module that every test file loads first. */
  preload?: string
  env: Record<string, string>
  /** How many files at a time, each in a process of its own; or all of them in one process. */
  concurrency: number | 'one process'
  testTimeoutMs: number
  /** For all of it, because nothing else ends a file that loops. */
  timeoutMs: number
  signal?: AbortSignal
}

/** Runs test files, shows them as they end, and returns the totals; a run that fails without a failed test is one failure. */
export async function runTestFiles(options: RunFilesOptions): Promise<Totals> {
  const { root, files, preload, env, concurrency, testTimeoutMs, timeoutMs, signal } = options
  if (files.length === 0 || signal?.aborted) return { passed: 0, failed: 0, failures: [] }
  const folder = await mkdtemp(join(tmpdir(), 'gochat-test-'))
  const totalsFile = join(folder, 'totals.json')
  const flags = [
    ...(preload === undefined ? [] : [`--import=${preload}`]),
    '--test',
    concurrency === 'one process' ? '--test-isolation=none' : `--test-concurrency=${concurrency}`,
    `--test-timeout=${testTimeoutMs}`,
    // A handle that a test left open must not hold up the run.
    '--test-force-exit',
    '--disable-warning=TimeoutNegativeWarning',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(import.meta.dirname, 'reporter.ts')}`,
    `--test-reporter-destination=${totalsFile}`,
  ]
  const child = spawn(process.execPath, [...flags, ...files], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  // At SIGTERM node:test names the files that were running, and ends them.
  const stop = (): void => void child.kill('SIGTERM')
  const timer = setTimeout(stop, timeoutMs)
  signal?.addEventListener('abort', stop)
  const end = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, killed) => resolve(killed ?? `exit code ${code}`))
  })
  clearTimeout(timer)
  signal?.removeEventListener('abort', stop)
  const totals = await readTotals(totalsFile)
  await rm(folder, { recursive: true })
  if (totals.failed > 0 || end === 'exit code 0' || signal?.aborted) return totals
  return { ...totals, failed: 1, failures: [`the test run itself: ${end}`] }
}

/** The last whole line; nothing was told when no test ended. */
async function readTotals(file: string): Promise<Totals> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  const last = lines.at(-2)
  return last === undefined ? { passed: 0, failed: 0, failures: [] } : (JSON.parse(last) as Totals)
}
