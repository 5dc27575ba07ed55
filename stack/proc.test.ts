import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { identify, isAlive } from './proc.ts'

test('an identity lives as long as its process, and another start time is another process', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const identity = identify(child.pid!)!
  assert.equal(isAlive(identity), true)
  assert.equal(isAlive({ ...identity, startTime: 'another boot:1' }), false)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(isAlive(identity), false)
})
