import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { topicLabel } from './metrics.ts'
import { compareTopic } from './topics.ts'

const spec = { topic: 't', partitions: 8, replicationFactor: 1, configs: { 'retention.ms': '600000' } }

describe('compareTopic', () => {
  it('finds nothing when all that is specified matches; settings not specified do not count', () => {
    const configs = new Map([
      ['retention.ms', '600000'],
      ['cleanup.policy', 'delete'],
    ])
    assert.deepEqual(compareTopic(spec, { ...spec, configs }), [])
  })

  it('names every setting that differs, an unset one included', () => {
    const drift = compareTopic(spec, { topic: 't', partitions: 4, replicationFactor: 3, configs: new Map() })
    assert.deepEqual(
      drift.map(({ setting, wanted, actual }) => [setting, wanted, actual]),
      [
        ['partitions', '8', '4'],
        ['replicationFactor', '1', '3'],
        ['retention.ms', '600000', 'unset'],
      ],
    )
  })
})

describe('topicLabel', () => {
  it('counts all slots under one label', () => {
    assert.equal(topicLabel('gochat.downstream.12'), 'gochat.downstream')
    assert.equal(topicLabel('gochat.upstream'), 'gochat.upstream')
  })
})
