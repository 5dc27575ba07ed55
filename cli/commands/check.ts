import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run as runProgram } from '#stack/run.ts'
import type { CommandContext } from '../context.ts'
import { findTestFiles } from '../testing/files.ts'
import { groupUnitFiles } from '../testing/isolation.ts'

export const summary = 'format, lint, types, generated code and unit tests, in under a minute'
export const usage = 'check'

/** Ends what hangs. A busy machine makes a step several times slower. */
const STEP_TIMEOUT_MS = 5 * 60_000
/** Two at a time: each of them keeps a core busy. */
const LANES = 2

/** What did not change since the last time is not looked at again. */
const typesCache = (name: string): string[] => [
  '--incremental',
  '--tsBuildInfoFile',
  `.gochat/check/${name}.tsbuildinfo`,
]
const formatCache = ['--cache', '--cache-strategy', 'content', '--cache-location', '.gochat/check/format']

/** The type-aware linter is a Go program that lives for seconds: memory is cheaper than collecting it. */
const LINT_ENV = { GOGC: '400' }

interface Step {
  title: string
  args: string[]
  env?: Record<string, string>
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
  const tsc = (name: string, project: string): string[] => [
    bin('typescript/bin/tsc'),
    '--noEmit',
    ...typesCache(name),
    '-p',
    project,
  ]
  const unit = ['--test', '--test-timeout=60000', '--test-force-exit']
  const { together, alone } = await groupUnitFiles(root, (await findTestFiles(root)).unit)
  return [
    { title: 'unit tests', args: [...unit, '--test-isolation=none', ...together] },
    { title: 'lint', args: [bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'], env: LINT_ENV },
    { title: 'unit tests with a process each', args: [...unit, '--test-concurrency=2', ...alone] },
    { title: 'types', args: tsc('types', 'tsconfig.json') },
    { title: 'types of workflows', args: tsc('workflows', 'workflows/tsconfig.json') },
    { title: 'format', args: [bin('prettier/bin/prettier.cjs'), '--check', ...formatCache, '.'] },
    { title: 'unused code', args: [bin('knip/bin/knip.js'), '--no-progress'] },
    { title: 'generated code', args: ['proto/generate.ts', '--check'] },
    { title: 'generated docs', args: ['infra/config/document.ts', '--check'] },
  ]
}

/** The output of a failure, or undefined. */
async function runStep({ title, args, env = {} }: Step, root: string): Promise<string | undefined> {
  const startedAt = Date.now()
  const seconds = (): string => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`
  try {
    await runProgram(process.execPath, args, { cwd: root, env, timeoutMs: STEP_TIMEOUT_MS, shownLines: 200 })
    console.log(`PASS  ${title} (${seconds()})`)
    return undefined
  } catch (error) {
    console.log(`FAIL  ${title} (${seconds()})`)
    return error instanceof Error ? error.message : String(error)
  }
}
