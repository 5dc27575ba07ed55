import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { identify } from '#stack/proc.ts'
import { waitUntil } from '#stack/wait.ts'
import type { ProcessSpec, ProcessState, ProcessStatus } from './spec.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'

const folder = mkdtempSync(join(tmpdir(), 'gochat-supervisor-'))
const started: Supervisor[] = []
afterEach(async () => {
  for (const supervisor of started.splice(0)) await supervisor.stopAll()
})
after(() => rmSync(folder, { recursive: true }))

const WAIT_FOR_EVER = 'setInterval(() => {}, 1000)'

test('a process that is killed comes back with another pid and counts a restart', async () => {
  const supervisor = create(spec('victim', WAIT_FOR_EVER))
  const before = await reach(supervisor, 'victim', 'running')
  supervisor.signal('victim', 'SIGKILL')
  await reach(supervisor, 'victim', 'backoff')
  const after = await reach(supervisor, 'victim', 'running')
  assert.notEqual(after.pid, before.pid)
  assert.equal(after.restarts, 1)
  assert.match(after.lastExit ?? '', /SIGKILL/)
})

test('a program that cannot be started is in backoff, and the others live', async () => {
  const supervisor = create(
    { ...spec('missing', ''), command: join(folder, 'no-such-program') },
    spec('ok', WAIT_FOR_EVER),
  )
  await reach(supervisor, 'ok', 'running')
  assert.match((await reach(supervisor, 'missing', 'backoff')).lastExit ?? '', /ENOENT/)
})

test('what depends on another starts after it', async () => {
  const second = { ...spec('second', WAIT_FOR_EVER), dependsOn: ['first'] }
  const supervisor = create(second)
  await reach(supervisor, 'second', 'running')
  await supervisor.stopProcess('second')
  supervisor.add({ ...spec('first', WAIT_FOR_EVER), ready: { type: 'http', url: 'http://127.0.0.1:9/' } })
  supervisor.startProcess('second')
  await reach(supervisor, 'first', 'starting')
  assert.equal(status(supervisor, 'second').pid, undefined)
})

test('a process that ignores its stop signal, even one that is stopped, is killed with its children', async () => {
  const stubborn = `process.on('SIGTERM', () => {});
    console.log(require('child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); ${WAIT_FOR_EVER}"]).pid);
    ${WAIT_FOR_EVER}`
  const one = { ...spec('stubborn', stubborn), stopTimeoutMs: 100 }
  const supervisor = create(one)
  await reach(supervisor, 'stubborn', 'running')
  const grandchild = await waitUntil(async () => Number(/\d+/.exec(readFileSync(one.logFile, 'utf8'))![0]), {
    timeoutMs: 3000,
  })
  supervisor.signal('stubborn', 'SIGSTOP')
  await supervisor.stopAll()
  assert.equal(status(supervisor, 'stubborn').state, 'stopped')
  await waitUntil(async () => assert.equal(identify(grandchild), undefined), { timeoutMs: 1000, intervalMs: 10 })
})

test('a removed process is stopped and its name is free again', async () => {
  const supervisor = create(spec('one', WAIT_FOR_EVER))
  const { pid } = await reach(supervisor, 'one', 'running')
  assert.throws(() => supervisor.add(spec('one', '')), /there already/)
  await supervisor.remove('one')
  assert.equal(identify(pid!), undefined)
  assert.deepEqual(supervisor.status(), [])
})

test('an external server is shown and left alone', async () => {
  const supervisor = create({ ...spec('mysql', ''), isExternal: true })
  assert.equal(status(supervisor, 'mysql').state, 'external')
  assert.throws(() => supervisor.signal('mysql', 'SIGKILL'), /external/)
})

function spec(name: string, script: string): ProcessSpec {
  return {
    name,
    kind: 'process',
    command: process.execPath,
    args: ['-e', script],
    env: {},
    cwd: folder,
    logFile: join(folder, `${name}.log`),
    ports: {},
    ready: { type: 'none' },
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 1000,
    dependsOn: [],
  }
}

function create(...specs: ProcessSpec[]): Supervisor {
  const supervisor = createSupervisor({ onChange: () => {} })
  started.push(supervisor)
  for (const one of specs) supervisor.add(one)
  return supervisor
}

function status(supervisor: Supervisor, name: string): ProcessStatus {
  return supervisor.status().find((process) => process.name === name)!
}

function reach(supervisor: Supervisor, name: string, state: ProcessState): Promise<ProcessStatus> {
  return waitUntil(
    async () => {
      const now = status(supervisor, name)
      assert.equal(now.state, state)
      return now
    },
    { timeoutMs: 3000, intervalMs: 5 },
  )
}
