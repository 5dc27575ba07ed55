import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAssignment, listOf } from './assignment.ts'

function joined() {
  const assignment = createAssignment()
  assignment.join([
    { topic: 'a', partitions: [0, 1] },
    { topic: 'b', partitions: [0] },
  ])
  for (const held of assignment.held()) held.position = 10
  return assignment
}

describe('assignment', () => {
  it('a new generation forgets positions and pauses of the one before', () => {
    const assignment = joined()
    for (const held of assignment.held('a')) held.isPaused = true
    assignment.leave()
    assert.deepEqual(assignment.held(), [])
    assignment.join([{ topic: 'a', partitions: [1] }])
    assert.equal(assignment.generation, 2)
    assert.deepEqual(listOf(assignment.held()), [{ topic: 'a', partitions: [1] }])
    assert.equal(assignment.find('a', 1)?.isPaused, false)
    assert.equal(assignment.find('a', 1)?.position, undefined)
    assert.equal(assignment.find('b', 0), undefined)
  })

  it('commits: only of what is assigned now, and of what this generation handed over', () => {
    const assignment = joined()
    const commit = (topic: string, partition: number, offset: number) => () =>
      assignment.assertCommittable([{ topic, partition, offset }])
    assert.doesNotThrow(commit('a', 1, 10))
    assert.throws(commit('a', 1, 11), { code: 'FENCED' })
    assert.throws(commit('b', 1, 5), { code: 'FENCED' })
    assignment.join([{ topic: 'a', partitions: [1] }])
    assert.throws(commit('a', 1, 10), { code: 'FENCED' })
    assert.throws(commit('a', 0, 5), { code: 'FENCED' })
  })

  it('lag counts what is known to be in the log and not handed over, per topic or in all', () => {
    const assignment = joined()
    for (const held of assignment.held('a')) held.highWatermark = 15
    assert.equal(assignment.lag('a'), 10)
    assert.equal(assignment.lag('b'), 0)
    assert.equal(assignment.lag(), 10)
  })
})
