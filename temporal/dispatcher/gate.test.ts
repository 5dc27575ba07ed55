import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from './gate.ts'

test('never more than so many at a time, in order, also behind one that fails', async () => {
  const gate = createGate(2)
  const running = new Set<number>()
  const started: number[] = []
  let most = 0
  const wave = () =>
    Promise.allSettled(
      [0, 1, 2, 3, 4].map((index) =>
        gate(async () => {
          started.push(index)
          most = Math.max(most, running.add(index).size)
          await new Promise(setImmediate)
          running.delete(index)
          if (index === 1) throw new Error('no')
          return index
        }),
      ),
    )
  const results = await wave()
  await wave()
  assert.equal(most, 2)
  assert.deepEqual(started, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
})
