import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Held } from '../assignment.ts'
import { judge } from './intake.ts'

function held(position: number | undefined, isPaused = false): Held {
  return { topic: 't', partition: 0, position, highWatermark: 0, isPaused, misses: 0 }
}

describe('judge', () => {
  it('takes the batch that starts at the position, and no other', () => {
    assert.equal(judge(held(40), 40), 'take')
    assert.equal(judge(held(40), 39), 'seek-back')
    assert.equal(judge(held(40), 90), 'seek-back')
  })

  it('drops while paused and while the position is not known', () => {
    assert.equal(judge(held(40, true), 40), 'drop')
    assert.equal(judge(held(undefined), 40), 'drop')
  })

  it('follows a reset (log cut or made anew) once kafkajs insists, but not a few stale batches in between', () => {
    const cut = held(40)
    assert.deepEqual(
      [90, 90, 90, 90].map((offset) => judge(cut, offset)),
      ['seek-back', 'seek-back', 'seek-back', 'jump'],
    )

    const stale = held(40)
    assert.deepEqual(
      [90, 90, 40].map((offset) => judge(stale, offset)),
      ['seek-back', 'seek-back', 'take'],
    )
    assert.deepEqual(
      [90, 90, 90].map((offset) => judge(stale, offset)),
      ['seek-back', 'seek-back', 'seek-back'],
    )
  })
})
