import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topicSpecs } from './topics.ts'

test('example: upstream has its partitions, and each slot a topic of one', () => {
  const specs = topicSpecs({ upstreamPartitions: 8, slots: 2, replicationFactor: 1 })
  assert.deepEqual(
    specs.map(({ topic, partitions }) => [topic, partitions]),
    [
      ['gochat.upstream', 8],
      ['gochat.tasks', 4],
      ['gochat.downstream.0', 1],
      ['gochat.downstream.1', 1],
    ],
  )
})

test('commands are kept three days, deliveries ten minutes, both with the time of the broker', () => {
  const [upstream, , downstream] = topicSpecs({ upstreamPartitions: 8, slots: 1, replicationFactor: 3 })
  assert.equal(upstream?.configs['retention.ms'], '259200000')
  assert.equal(downstream?.configs['retention.ms'], '600000')
  assert.equal(upstream.configs['message.timestamp.type'], 'LogAppendTime')
  assert.equal(upstream.configs['min.insync.replicas'], '2')
})
