import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '..')

/** [the importing file, what it imports, whether the house allows it] */
const rules: [file: string, imported: string, allowed: boolean][] = [
  ['infra/redis/x.ts', '#infra/errors/index.ts', true],
  ['infra/redis/x.ts', '#delivery/emit.ts', false],
  ['infra/redis/x.ts', '../../services/repo/repo.ts', false],
  ['delivery/x.ts', '#infra/kafka/index.ts', true],
  ['delivery/x.ts', '#services/logic/logic.ts', false],
  ['services/gateway/ws/x.ts', '#delivery/emit.ts', true],
  ['services/gateway/ws/x.ts', '#workflows/contracts.ts', true],
  ['services/gateway/ws/x.ts', '#workflows/dead-letter.ts', false],
  ['services/gateway/ws/x.ts', '../../logic/authorize.ts', false],
  ['services/gateway/ws/x.ts', '#services/repo/repo.ts', false],
  ['services/logic/pipeline/x.ts', '../../repo/repo.ts', false],
  ['services/logic/pipeline/x.ts', '#activities/index.ts', false],
  ['services/repo/queries/x.ts', '#delivery/emit.ts', false],
  ['services/repo/queries/x.ts', '../../logic/logic.ts', false],
  ['activities/x.ts', '#infra/errors/index.ts', true],
  ['activities/x.ts', '#workflows/dead-letter.ts', false],
  ['workflows/x.ts', '@temporalio/workflow', true],
  ['workflows/x.ts', 'node:fs', false],
  ['workflows/x.ts', '#infra/errors/index.ts', false],
  ['workflows/x.ts', '#activities/index.ts', false],
  ['temporal/worker/x.ts', '#activities/index.ts', true],
  ['temporal/worker/x.ts', '#workflows/dead-letter.ts', false],
  ['temporal/worker/x.ts', '#services/logic/logic.ts', false],
  ['sdk/src/x.ts', '../../proto/frames/index.ts', true],
  ['sdk/src/x.ts', '../../infra/errors/index.ts', false],
  ['sdk/src/x.ts', '../../proto/gen/gochat/user/v1/user_pb.ts', false],
  ['tests/verify/x.ts', '@gochat/sdk', false],
  ['tests/verify/x.ts', '../../sdk/src/index.ts', false],
  ['tests/verify/x.ts', '../../services/repo/repo.ts', false],
]

test('the linter refuses every import that the house forbids, and no other', () => {
  const house = mkdtempSync(join(tmpdir(), 'gochat-house-'))
  try {
    cpSync(join(root, '.oxlintrc.json'), join(house, '.oxlintrc.json'))
    const files = rules.map(([file, imported], index) => {
      const path = file.replace('x.ts', `x${index}.ts`)
      mkdirSync(dirname(join(house, path)), { recursive: true })
      writeFileSync(join(house, path), `export { something } from '${imported}'\n`)
      return path
    })
    const refused = refusedFiles(house)
    const wrong = rules.filter(([, , allowed], index) => refused.has(files[index]!) === allowed)
    assert.deepEqual(wrong, [])
  } finally {
    rmSync(house, { recursive: true, force: true })
  }
})

for (const folder of readdirSync(join(root, 'infra'))) {
  test(`infra/${folder} says what it is for in five lines, and a test shows its use`, () => {
    const index = readFileSync(join(root, 'infra', folder, 'index.ts'), 'utf8')
    assert.match(index, /^\/\*\*\n( \* .*\n){5} \*\/\n/)
    const beside = globSync(`infra/${folder}/**/*.test.ts`, { cwd: root })
    const onServers = `tests/integration/infra/${folder}.test.ts`
    const shared = globSync(`infra/${folder}/*contract.ts`, { cwd: root })
    const tests = [...beside, ...shared, ...(existsSync(join(root, onServers)) ? [onServers] : [])]
    assert.ok(beside.length > 0, 'no unit test')
    assert.ok(
      tests.some((file) => /\b(test|it)\(['"`](\$\{name\}: )?example/.test(readFileSync(join(root, file), 'utf8'))),
      'no test is called "example: …"',
    )
  })
}

test('files of services/ stay small: median at most 120 lines, 95 of 100 at most 300', () => {
  const files = globSync('services/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  const lengths = files
    .map((file) => readFileSync(join(root, file), 'utf8').split('\n').length)
    .toSorted((a, b) => a - b)
  assert.ok(lengths[Math.floor(lengths.length / 2)]! <= 120)
  assert.ok(lengths[Math.floor(lengths.length * 0.95)]! <= 300)
})

function refusedFiles(house: string): Set<string> {
  const report = lint(house)
  const { diagnostics } = JSON.parse(report) as { diagnostics: { code: string; filename: string }[] }
  const restricted = diagnostics.filter((found) => found.code.includes('no-restricted-imports'))
  return new Set(restricted.map((found) => found.filename.replace(/^\.\//, '')))
}

/** oxlint exits 1 when it finds something, which here it must. */
function lint(cwd: string): string {
  try {
    return execFileSync(join(root, 'node_modules/.bin/oxlint'), ['--format', 'json', '.'], { cwd, encoding: 'utf8' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
