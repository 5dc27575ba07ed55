import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createQueue } from './queue.ts'
import { recordOf } from './testing/records.ts'

test('example: first in, first out, and counted in commands', () => {
  const queue = createQueue()
  for (let offset = 0; offset < 600; offset += 1) queue.push(recordOf(0, offset, 2))
  for (let offset = 0; offset < 600; offset += 1) {
    assert.equal(queue.peek()?.offset, offset)
    assert.equal(queue.commands, 2 * (600 - offset))
    queue.shift()
  }
  assert.equal(queue.peek(), undefined)
})

test('full at its bound of commands or bytes; room only when half of it is gone', () => {
  const queue = createQueue({ maxCommands: 10, maxBytes: 1000 })
  queue.push(recordOf(0, 0, 9))
  assert.equal(queue.isFull, false)
  queue.push(recordOf(0, 1, 2))
  assert.equal(queue.isFull, true)
  queue.shift()
  assert.deepEqual([queue.isFull, queue.hasRoom], [false, true])
  queue.push(recordOf(0, 2, 1, 2000))
  assert.deepEqual([queue.isFull, queue.hasRoom], [true, false])
})

test('records without commands count too, so that poison cannot fill the memory', () => {
  const queue = createQueue({ maxCommands: 3 })
  for (let offset = 0; offset < 3; offset += 1) queue.push(recordOf(0, offset, 0))
  assert.equal(queue.isFull, true)
})

test('a partition is dropped without touching the others', () => {
  const queue = createQueue()
  queue.push(recordOf(0, 0, 4))
  queue.push(recordOf(1, 0, 1))
  queue.push(recordOf(0, 1, 4))
  queue.dropPartition(0)
  assert.deepEqual([queue.commands, queue.peek()?.partition], [1, 1])
  queue.clear()
  assert.deepEqual([queue.commands, queue.peek()], [0, undefined])
})
