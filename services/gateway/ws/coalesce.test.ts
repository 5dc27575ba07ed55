import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewCommand } from '../ports.ts'
import { createCoalescer } from './coalesce.ts'

function setUp() {
  const taken: NewCommand[] = []
  const state = { isFull: false }
  const submit = (commands: readonly NewCommand[]) => !state.isFull && taken.push(...commands) > 0
  const shown = () =>
    taken
      .splice(0)
      .map(
        ({ actorId, conversationId, body }) =>
          `${actorId}/${conversationId}/${body.case}${body.case === 'read' ? body.value.seq : ''}`,
      )
  return { coalescer: createCoalescer({ submit }), state, shown }
}

test('example: of a second only the furthest read and one typing per conversation and user are sent', () => {
  const { coalescer, shown } = setUp()
  for (const seq of [3, 7, 5]) coalescer.read('ann', '1', seq)
  coalescer.read('bob', '1', 2)
  coalescer.typing('ann', '1')
  coalescer.typing('ann', '1')
  assert.deepEqual(shown(), [])
  coalescer.flush()
  assert.deepEqual(shown(), ['ann/1/read7', 'ann/1/typing', 'bob/1/read2'])
  coalescer.flush()
  assert.deepEqual(shown(), [])
})

test('a full lane keeps reads for the next time, and drops typing', () => {
  const { coalescer, state, shown } = setUp()
  state.isFull = true
  coalescer.read('ann', '1', 7)
  coalescer.typing('ann', '1')
  coalescer.flush()
  state.isFull = false
  coalescer.read('ann', '1', 6)
  coalescer.flush()
  assert.deepEqual(shown(), ['ann/1/read7'])
})

test('one user cannot fill the memory: beyond the bound it is told to wait, others are not', () => {
  const { coalescer, shown } = setUp()
  const accepted = Array.from({ length: 300 }, (_, index) => coalescer.read('ann', String(index + 1), 1))
  assert.equal(accepted.filter(Boolean).length, 200)
  assert.equal(coalescer.typing('bob', '1'), true)
  coalescer.flush()
  assert.equal(shown().length, 201)
  assert.equal(coalescer.read('ann', '1', 1), true)
})
