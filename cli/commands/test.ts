import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readCredentials } from '#stack/credentials.ts'
import { acquireLock } from '#stack/lock.ts'
import { createProfile } from '#stack/profile.ts'
import { UsageError, type CommandContext } from '../context.ts'
import { createProgress, type Progress } from '../progress.ts'
import type { Totals } from '../testing/count.ts'
import { findTestFiles, type TestFiles } from '../testing/files.ts'
import { openCoverage, type Coverage } from '../testing/coverage.ts'
import { checkCoverage, formatCoverage } from '../testing/coverage-rows.ts'
import { groupUnitFiles } from '../testing/isolation.ts'
import { runTestFiles } from '../testing/run-files.ts'
import { openTestStack, type TestStack } from '../testing/test-stack.ts'

export const summary = 'run all tests, on servers and data of their own'
export const usage = `test [PATTERN…] [--unit] [--keep] [--coverage] [--concurrency N]
  PATTERN     a glob, or any part of a test file's path
  --unit      only what needs no server
  --keep      leave the test stack running for the next time (./gochat down --profile test)
  --coverage  show what this run covered, as a run of everything does
  A run of everything fails when fewer than 80 % of the lines are covered.`

const UNIT_TIMES = { testTimeoutMs: 60_000, timeoutMs: 5 * 60_000 }
const SERVER_TIMES = { testTimeoutMs: 15 * 60_000, timeoutMs: 60 * 60_000 }
const FAULT_TIMES = { testTimeoutMs: 15 * 60_000, timeoutMs: 20 * 60_000 }
const LOCK_TIMEOUT_MS = 2 * 60 * 60_000

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      unit: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      coverage: { type: 'boolean', default: false },
      concurrency: { type: 'string', default: '1' },
    },
  })
  if (!/^[1-9]\d?$/.test(values.concurrency)) throw new UsageError('--concurrency is a number from 1 to 99')
  const files = await findTestFiles(context.root, positionals)
  if (Object.values(files).flat().length === 0) throw new UsageError('no test file matches')

  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort())
  const all: Totals = { passed: 0, failed: 0, failures: [] }
  const add = (totals: Totals): void => {
    all.passed += totals.passed
    all.failed += totals.failed
    all.failures.push(...totals.failures)
  }
  const isWhole = positionals.length === 0 && !values.unit
  await using coverage = isWhole || values.coverage ? await openCoverage(context.root) : undefined
  const base = { root: context.root, signal: interrupted.signal, env: { ...coverage?.env } }
  const { together, alone } = await groupUnitFiles(context.root, files.unit)
  add(await runTestFiles({ ...base, files: together, concurrency: 'one process', ...UNIT_TIMES }))
  add(await runTestFiles({ ...base, files: alone, concurrency: 2, ...UNIT_TIMES }))
  await coverage?.collect()
  if (!values.unit && files.server.length + files.fault.length > 0) {
    const { keep } = values
    const options = { keep, coverage, concurrency: Number(values.concurrency), signal: interrupted.signal }
    await runOnStack(context, files, options, add).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      console.log(`\n${message}`)
      add({ passed: 0, failed: 1, failures: [`the test stack: ${message.split('\n')[0]}`] })
    })
  }
  if (interrupted.signal.aborted) add({ passed: 0, failed: 1, failures: ['interrupted'] })
  else if (coverage) add(await showCoverage(coverage, isWhole))
  if (all.failures.length > 0) console.log(`\nFailed:\n${all.failures.map((line) => `  ${line}`).join('\n')}`)
  console.log(`\n${all.passed} passed, ${all.failed} failed`)
  return all.failed > 0 ? 1 : 0
}

async function showCoverage(coverage: Coverage, isWhole: boolean): Promise<Totals> {
  await coverage.collect()
  const rows = await coverage.rows()
  console.log(`\n${formatCoverage(rows)}`)
  return isWhole ? checkCoverage(rows) : { passed: 0, failed: 0, failures: [] }
}

interface RunOptions {
  keep: boolean
  coverage: Coverage | undefined
  concurrency: number
  signal: AbortSignal
}

async function runOnStack(
  context: CommandContext,
  files: TestFiles,
  options: RunOptions,
  add: (totals: Totals) => void,
): Promise<void> {
  const progress = createProgress()
  const profile = createProfile('test', context.root, process.env)
  const testContext = { root: context.root, profile, env: { ...options.coverage?.env } }
  await readCredentials(profile) // refuses another profile's folder
  await using _ = await acquireLock(`test ${profile.dataDir}`, {
    timeoutMs: LOCK_TIMEOUT_MS,
    onWait: () => progress.note('another ./gochat test uses the test stack: waiting for it'),
  })
  if (options.signal.aborted) return
  const stack = openTestStack(testContext, progress)
  try {
    await runGroups(stack, files, options, add)
  } finally {
    await closeQuietly(stack, options, progress)
  }
}

async function runGroups(
  stack: TestStack,
  files: TestFiles,
  { coverage, concurrency, signal }: RunOptions,
  add: (totals: Totals) => void,
): Promise<void> {
  const base = { root: stack.root, signal, preload: join(stack.root, 'tests/support/contract/register.ts') }
  const env = await stack.start()
  add(await runTestFiles({ ...base, files: files.server, env, concurrency, ...SERVER_TIMES }))
  await coverage?.collect()
  for (const file of files.fault) {
    if (signal.aborted) return
    await stack.heal()
    add(await runTestFiles({ ...base, files: [file], env, concurrency: 1, ...FAULT_TIMES }))
    await coverage?.collect()
  }
}

/** What our processes covered is known once they have ended, so a measured run ends them also when the servers are kept. */
async function closeQuietly(stack: TestStack, { keep, coverage }: RunOptions, progress: Progress): Promise<void> {
  const stop = async (): Promise<void> => {
    if (!keep) await stack.stop()
    else if (coverage) await stack.stopProcesses()
  }
  await stop().catch((error: unknown) => progress.note(`stopping the test stack: ${String(error)}`))
}
