import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run as runProgram } from '#stack/run.ts'
import type { CommandContext } from '../context.ts'
import { findTestFiles } from '../testing/files.ts'

export const summary = 'format, lint, types, generated code and unit tests, in under a minute'
export const usage = 'check'

const STEP_TIMEOUT_MS = 2 * 60_000
/** Two at a time: each of them keeps a core busy. */
const LANES = 2

/** What did not change since the last time is not looked at again. */
const typesCache = ['--incremental', '--tsBuildInfoFile', '.gochat/check/types.tsbuildinfo']
const formatCache = ['--cache', '--cache-strategy', 'content', '--cache-location', '.gochat/check/format']

interface Step {
  title: string
  args: string[]
}

export async function run(args: string[], { root }: CommandContext): Promise<number> {
  parseArgs({ args, options: {} })
  const queue = await steps(root)
  const failures: string[] = []
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (let step = queue.shift(); step; step = queue.shift()) {
        const failure = await runStep(step, root)
        if (failure !== undefined) failures.push(`\n── ${step.title} ──\n${failure}`)
      }
    }),
  )
  for (const failure of failures) console.log(failure)
  return failures.length > 0 ? 1 : 0
}

/** The longest first. */
async function steps(root: string): Promise<Step[]> {
  const bin = (path: string): string => join('node_modules', path)
  const { unit } = await findTestFiles(root)
  return [
    { title: 'lint', args: [bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'] },
    {
      title: 'unit tests',
      args: ['--test', '--test-concurrency=2', '--test-timeout=60000', '--test-force-exit', ...unit],
    },
    { title: 'types', args: [bin('typescript/bin/tsc'), '--noEmit', ...typesCache, '-p', 'tsconfig.json'] },
    { title: 'types of workflows', args: [bin('typescript/bin/tsc'), '--noEmit', '-p', 'workflows/tsconfig.json'] },
    { title: 'format', args: [bin('prettier/bin/prettier.cjs'), '--check', ...formatCache, '.'] },
    { title: 'unused code', args: [bin('knip/bin/knip.js'), '--no-progress'] },
    { title: 'generated code', args: ['proto/generate.ts', '--check'] },
    { title: 'generated docs', args: ['infra/config/document.ts', '--check'] },
  ]
}

/** The output of a failure, or undefined. */
async function runStep({ title, args }: Step, root: string): Promise<string | undefined> {
  const startedAt = Date.now()
  const seconds = (): string => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`
  try {
    await runProgram(process.execPath, args, { cwd: root, timeoutMs: STEP_TIMEOUT_MS, shownLines: 200 })
    console.log(`PASS  ${title} (${seconds()})`)
    return undefined
  } catch (error) {
    console.log(`FAIL  ${title} (${seconds()})`)
    return error instanceof Error ? error.message : String(error)
  }
}
