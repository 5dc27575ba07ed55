import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionOf } from './partition.ts'

test('example: a conversation has its partition for ever: these values may never change', () => {
  const fixed: [id: string, of8: number, of12: number][] = [
    ['1', 4, 4],
    ['42', 3, 11],
    ['295147905179352900', 1, 9],
    ['295147905179352901', 6, 10],
    ['18446744073709551615', 4, 8],
  ]
  assert.deepEqual(
    fixed.map(([id]) => [id, partitionOf(id, 8), partitionOf(id, 12)]),
    fixed,
  )
})

test('ids that follow each other spread evenly over the partitions', () => {
  const counts = Array.from({ length: 8 }, () => 0)
  for (let id = 0; id < 8000; id += 1) {
    const partition = partitionOf(String(295_147_905_179_352 + id), 8)
    counts[partition] = (counts[partition] ?? 0) + 1
  }
  assert.ok(Math.min(...counts) > 900 && Math.max(...counts) < 1100, counts.join())
})
