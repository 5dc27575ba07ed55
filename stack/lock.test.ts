import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { acquireLock } from './lock.ts'

test('a second holder waits until the first lets go', async () => {
  const name = `lock-test-${process.pid}`
  const first = await acquireLock(name, { timeoutMs: 0 })
  let hasWaited = false
  const second = acquireLock(name, { timeoutMs: 5000, onWait: () => (hasWaited = true) })
  await assert.rejects(acquireLock(name, { timeoutMs: 0 }), /still holds/)
  await first[Symbol.asyncDispose]()
  await (await second)[Symbol.asyncDispose]()
  assert.equal(hasWaited, true)
})

test('a holder that is killed leaves no lock behind', async () => {
  const name = `lock-test-killed-${process.pid}`
  const script = `import { acquireLock } from ${JSON.stringify(import.meta.resolve('./lock.ts'))}
    await acquireLock(${JSON.stringify(name)}, { timeoutMs: 0 })
    console.log('held')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  await assert.rejects(acquireLock(name, { timeoutMs: 0 }))
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  await (await acquireLock(name, { timeoutMs: 1000 }))[Symbol.asyncDispose]()
})
