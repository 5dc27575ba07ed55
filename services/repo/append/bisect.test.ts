import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smallest } from './bisect.ts'

test('finds the first failing length, wherever it is, with few probes', async () => {
  for (let max = 1; max <= 40; max += 1) {
    for (let first = 1; first <= max; first += 1) {
      let probes = 0
      const found = await smallest(max, async (n) => {
        probes += 1
        return n >= first
      })
      assert.equal(found, first)
      assert.ok(probes <= 2 + Math.ceil(Math.log2(max)))
    }
  }
})

test('is 0 when nothing fails, or there is nothing', async () => {
  assert.equal(await smallest(9, async () => false), 0)
  assert.equal(await smallest(0, async () => true), 0)
})
