import { parseArgs } from 'node:util'
import { readCredentials } from '#stack/credentials.ts'
import { acquireLock } from '#stack/lock.ts'
import { createProfile } from '#stack/profile.ts'
import { UsageError, type CommandContext } from '../context.ts'
import { createProgress, type Progress } from '../progress.ts'
import type { Totals } from '../testing/count.ts'
import { findTestFiles, type TestFiles } from '../testing/files.ts'
import { runTestFiles } from '../testing/run-files.ts'
import { openTestStack, type TestStack } from '../testing/test-stack.ts'

export const summary = 'run all tests, on servers and data of their own'
export const usage = `test [PATTERN…] [--unit] [--keep] [--concurrency N]
  PATTERN   a glob, or any part of a test file's path
  --unit    only what needs no server
  --keep    leave the test stack running for the next time (./gochat down --profile test)`

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
  const base = { root: context.root, signal: interrupted.signal }
  add(await runTestFiles({ ...base, files: files.unit, env: {}, concurrency: 2, ...UNIT_TIMES }))
  if (!values.unit && files.server.length + files.fault.length > 0) {
    const options = { keep: values.keep, concurrency: Number(values.concurrency), signal: interrupted.signal }
    await runOnStack(context, files, options, add).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      console.log(`\n${message}`)
      add({ passed: 0, failed: 1, failures: [`the test stack: ${message.split('\n')[0]}`] })
    })
  }
  if (interrupted.signal.aborted) add({ passed: 0, failed: 1, failures: ['interrupted'] })
  if (all.failures.length > 0) console.log(`\nFailed:\n${all.failures.map((line) => `  ${line}`).join('\n')}`)
  console.log(`\n${all.passed} passed, ${all.failed} failed`)
  return all.failed > 0 ? 1 : 0
}

async function runOnStack(
  context: CommandContext,
  files: TestFiles,
  options: { keep: boolean; concurrency: number; signal: AbortSignal },
  add: (totals: Totals) => void,
): Promise<void> {
  const progress = createProgress()
  const testContext = { root: context.root, profile: createProfile('test', context.root, process.env) }
  await readCredentials(testContext.profile) // refuses another profile's folder
  await using _ = await acquireLock(`test ${testContext.profile.dataDir}`, {
    timeoutMs: LOCK_TIMEOUT_MS,
    onWait: () => progress.note('another ./gochat test uses the test stack: waiting for it'),
  })
  if (options.signal.aborted) return
  const stack = openTestStack(testContext, progress)
  try {
    await runGroups(stack, files, options, add)
  } finally {
    if (!options.keep) await closeQuietly(stack, progress)
  }
}

async function runGroups(
  stack: TestStack,
  files: TestFiles,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal },
  add: (totals: Totals) => void,
): Promise<void> {
  const base = { root: stack.root, signal }
  const env = await stack.start()
  add(await runTestFiles({ ...base, files: files.server, env, concurrency, ...SERVER_TIMES }))
  for (const file of files.fault) {
    if (signal.aborted) return
    await stack.heal()
    add(await runTestFiles({ ...base, files: [file], env, concurrency: 1, ...FAULT_TIMES }))
  }
}

async function closeQuietly(stack: TestStack, progress: Progress): Promise<void> {
  await stack.stop().catch((error: unknown) => progress.note(`stopping the test stack: ${String(error)}`))
}
