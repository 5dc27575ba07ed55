/**
 * Who watches the tests: each promise is broken on purpose, in a copy of the tree, and some test must go red. `./gochat test mutations`
 * shows which.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'

interface Mutation {
  /** The promise that is broken. */
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
  /** The tests that are to see it. */
  readonly tests: readonly string[]
}

const mutations: readonly Mutation[] = [
  {
    name: 'commit the offset early',
    file: 'services/logic/pipeline/pump.ts',
    from: '    const emission = emissionOf(',
    to: '    ledger.finished(settled.batch, under)\n    const emission = emissionOf(',
    tests: ['services/logic/pipeline/pipeline*.test.ts'],
  },
  {
    name: 'skip the re-emit of a replay',
    file: 'services/logic/pipeline/dispatch.ts',
    from: "    case 'known':\n",
    to: "    case 'known':\n      return\n",
    tests: ['services/logic/pipeline/pipeline*.test.ts'],
  },
  {
    name: "ignore the owner's epoch",
    file: 'services/repo/append/ownership.ts',
    from: ' AND o.epoch = r.e',
    to: '',
    tests: ['tests/integration/repo/append.test.ts'],
  },
  {
    name: "ignore the slot's epoch",
    file: 'services/gateway/downstream.ts',
    from: ' || !isOwnEpoch(record.epoch)',
    to: '',
    tests: ['services/gateway/downstream.test.ts'],
  },
  {
    name: 'ignore the page fence',
    file: 'services/repo/queries/move-cursor.ts',
    from: ' AND epoch = ${epoch}',
    to: '',
    tests: ['tests/integration/repo/fanout.test.ts'],
  },
  {
    name: 'drop the unique key',
    file: 'services/repo/migrations/0001-initial.sql',
    from: ',\n  UNIQUE KEY messages_client_id (conversation_id, sender_id, client_message_id)',
    to: '',
    tests: ['tests/integration/repo/append.test.ts'],
  },
  {
    name: "authorize from a former owner's state",
    file: 'services/logic/pipeline/assignment.ts',
    from: 'if (isNew) states.clear()',
    to: '',
    tests: ['services/logic/pipeline/pipeline*.test.ts'],
  },
]

const root = resolve(import.meta.dirname, '../..')
const testTimeoutMs = 120_000
let copy = ''

before(() => {
  copy = mkdtempSync(join(tmpdir(), 'gochat-mutations-'))
  const left = new Set(['node_modules', '.git', '.gochat'])
  cpSync(root, copy, { recursive: true, filter: (path) => !left.has(path.slice(root.length + 1)) })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
})
after(() => rmSync(copy, { recursive: true, force: true }))

for (const { name, file, from, to, tests } of mutations) {
  test(`mutation: ${name}: some test goes red`, async (t) => {
    const original = readFileSync(join(root, file), 'utf8')
    assert.equal(original.split(from).length, 2, `${file} holds what is to be changed once`)
    writeFileSync(join(copy, file), original.replace(from, to))
    try {
      const red = await runTests(tests)
      t.diagnostic(red.join(' · '))
      assert.ok(red.length > 0, `no test of ${tests.join()} saw it`)
    } finally {
      writeFileSync(join(copy, file), original)
    }
  })
}

/** Runs test files of the copy; returns the names of those that fail. */
function runTests(files: readonly string[]): Promise<string[]> {
  // What the copy covers says nothing of the checkout.
  const unset = { NODE_TEST_CONTEXT: undefined, NODE_V8_COVERAGE: undefined, NODE_DISABLE_COMPILE_CACHE: undefined }
  const env = { ...process.env, ...unset }
  const args = ['--test', '--test-force-exit', '--test-reporter=tap', `--test-timeout=${testTimeoutMs}`, ...files]
  const child = spawn(process.execPath, args, { cwd: copy, env, stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', () => {
      const names = [...output.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name!)
      done(names.filter((name) => !files.some((file) => name.endsWith(file))))
    })
  })
}
