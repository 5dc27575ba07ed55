import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAssignment } from '../assignment.ts'
import type { ConsumerRun } from '../bus.ts'
import { findStarts } from './starts.ts'

interface Case {
  readonly startAt?: ConsumerRun['startAt']
  readonly commit?: number
  readonly remembered?: number
}

/** Of one partition whose log holds offsets 100 to 199. */
async function startOf({ startAt = 'committed', commit, remembered }: Case) {
  const assignment = createAssignment()
  assignment.join([{ topic: 't', partitions: [3] }])
  const [start] = await findStarts(
    assignment.held(),
    { groupId: 'g', topics: ['t'], startAt },
    new Map(remembered === undefined ? [] : [['t:3', remembered]]),
    {
      committed: async () => (commit === undefined ? [] : [{ topic: 't', partition: 3, offset: commit }]),
      watermarks: async () => [{ partition: 3, low: 100, high: 200 }],
    },
  )
  return { offset: start?.offset, needsSeek: start?.needsSeek }
}

describe('findStarts', () => {
  it('committed: at the commit, without one at the oldest record; kafkajs goes there by itself', async () => {
    assert.deepEqual(await startOf({ commit: 150 }), { offset: 150, needsSeek: false })
    assert.deepEqual(await startOf({}), { offset: 100, needsSeek: false })
  })

  it('committed: does not go on from memory, because what was queued is dropped', async () => {
    assert.deepEqual(await startOf({ commit: 150, remembered: 180 }), { offset: 150, needsSeek: false })
  })

  it('a commit outside the log (cut, or made anew) means the oldest record', async () => {
    assert.deepEqual(await startOf({ commit: 50 }), { offset: 100, needsSeek: true })
    assert.deepEqual(await startOf({ commit: 900 }), { offset: 100, needsSeek: true })
  })

  it('end: first at the end, in later generations where it had got to', async () => {
    assert.deepEqual(await startOf({ startAt: 'end' }), { offset: 200, needsSeek: true })
    assert.deepEqual(await startOf({ startAt: 'end', remembered: 180 }), { offset: 180, needsSeek: true })
    assert.deepEqual(await startOf({ startAt: 'end', remembered: 20 }), { offset: 100, needsSeek: true })
  })
})
