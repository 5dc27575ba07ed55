import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { isMeasured, openCoverage } from './coverage.ts'
import type { CoverageRow } from './coverage-rows.ts'

const HALF = `interface Choice {
  hasNone: boolean
}

export function choose({ hasNone }: Choice): string {
  if (hasNone) {
    const text: string = 'none'
    return text
  }
  return 'some'
}

export const never = (): number => {
  return 1
}
`

test('two processes add up; types are no lines; a file that nothing loads is not covered; nothing is left on the disk', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'gochat-coverage-test-'))
  t.after(() => rm(root, { recursive: true }))
  await write(root, 'delivery/half.ts', HALF)
  await write(root, 'sdk/types.ts', 'export interface Nothing {\n  isLoaded: false\n}\n')
  await write(root, 'temporal/unloaded.ts', 'export function unloaded(): number {\n  return 1\n}\n')
  await write(root, 'temporal/testing/helper.ts', 'export const helper = 1\n')
  await write(root, 'some.ts', "import { choose } from './delivery/half.ts'\nchoose({ hasNone: false })\n")
  await write(root, 'none.ts', "import { choose } from './delivery/half.ts'\nchoose({ hasNone: true })\n")
  let folder: string
  {
    await using coverage = await openCoverage(root)
    folder = dirname(coverage.env['NODE_V8_COVERAGE']!)
    await start(join(root, 'some.ts'), coverage.env)
    await coverage.collect()
    await start(join(root, 'none.ts'), coverage.env)
    await coverage.collect()
    assert.deepEqual(await readdir(coverage.env['NODE_V8_COVERAGE']!), [])
    assert.deepEqual(await coverage.rows(), [
      row('delivery', [7, 10], [1, 2], [2, 2]),
      row('sdk', [0, 0], [0, 0], [0, 0]),
      row('temporal', [0, 3], [0, 1], [0, 0]),
    ])
  }
  await assert.rejects(readdir(folder), { code: 'ENOENT' })
})

test('what one process left out is not covered: its lines are those of the file, blanks for types and all', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'gochat-coverage-test-'))
  t.after(() => rm(root, { recursive: true }))
  await write(root, 'delivery/half.ts', HALF)
  await write(root, 'some.ts', "import { choose } from './delivery/half.ts'\nchoose({ hasNone: false })\n")
  await using coverage = await openCoverage(root)
  await start(join(root, 'some.ts'), coverage.env)
  await coverage.collect()
  // The line of the `if` ran in part only, so it does not count.
  assert.deepEqual(await coverage.rows(), [row('delivery', [3, 10], [1, 2], [1, 2])])
})

test('half a file, of a process that was killed, counts for nothing', async () => {
  await using coverage = await openCoverage(import.meta.dirname)
  await write(coverage.env['NODE_V8_COVERAGE']!, 'coverage-1.json', '{"result":[{"url"')
  await coverage.collect()
  assert.deepEqual(await readdir(coverage.env['NODE_V8_COVERAGE']!), [])
})

test('tests and what only they use are not measured', () => {
  const files = [
    'sdk/src/a.ts',
    'sdk/src/a.test.ts',
    'infra/testing/wait-for.ts',
    'infra/lifecycle/fixtures/process.ts',
  ]
  assert.deepEqual(files.filter(isMeasured), ['sdk/src/a.ts'])
})

async function write(root: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true })
  await writeFile(join(root, file), text)
}

function row(folder: string, ...shares: [number, number][]): CoverageRow {
  const [lines, functions, branches] = shares.map(([covered, total]) => ({ covered, total }))
  return { folder, lines: lines!, functions: functions!, branches: branches! }
}

async function start(script: string, env: Record<string, string>): Promise<void> {
  await promisify(execFile)(process.execPath, [script], { env: { ...process.env, ...env } })
}
