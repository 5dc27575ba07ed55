import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ProducerBatch, RecordMetadata } from 'kafkajs'
import { AppError } from '../../errors/index.ts'
import { metricValue, testMetrics } from '../../testing/index.ts'
import { kafkaMetrics } from '../metrics.ts'
import { wrapProducer } from './producer.ts'

type Answer = (sent: readonly string[]) => readonly string[]

/** A client that answers each sendBatch by the next function: of the partitions sent (`topic:partition`), those confirmed. */
function setUp(answers: Answer[], timeoutMs = 2000) {
  const sent: string[][] = []
  const metrics = testMetrics()
  const client = {
    async sendBatch({ topicMessages = [] }: ProducerBatch): Promise<RecordMetadata[]> {
      const partitions = topicMessages.flatMap(({ topic, messages }) =>
        messages.map((one) => `${topic}:${one.partition}`),
      )
      sent.push(partitions)
      const answer = answers[Math.min(sent.length, answers.length) - 1] as Answer
      return [...new Set(answer(partitions))].map((key) => {
        const [topicName = '', partition] = key.split(':')
        return { topicName, partition: Number(partition), errorCode: 0, baseOffset: '7' }
      })
    },
    async disconnect() {},
  }
  return { producer: wrapProducer(client, kafkaMetrics(metrics), { timeoutMs }), sent, metrics }
}

function record(partition: number, topic = 'gochat.upstream') {
  return { topic, partition, value: Buffer.from('v') }
}

describe('producer', () => {
  it('sends again exactly what kafkajs resolved without having sent', async () => {
    const { producer, sent } = setUp([(all) => all.filter((key) => !key.endsWith(':1')), (all) => all])
    const offsets = await producer.send([record(0), record(1), record(1), record(2)])
    assert.deepEqual(sent.at(-1), ['gochat.upstream:1', 'gochat.upstream:1'])
    assert.equal(sent.length, 2)
    assert.deepEqual(offsets.map(({ partition }) => partition).toSorted(), [0, 1, 2])
    assert.deepEqual(offsets[0], { topic: 'gochat.upstream', partition: 0, offset: 7 })
  })

  it('tells partitions of the same number in different topics apart', async () => {
    const { producer, sent } = setUp([
      (all) => all.filter((key) => key.startsWith('gochat.downstream.1:')),
      (all) => all,
    ])
    await producer.send([record(0, 'gochat.downstream.1'), record(0, 'gochat.downstream.2')])
    assert.deepEqual(sent[1], ['gochat.downstream.2:0'])
  })

  it('repeats after an error of the broker until it succeeds', async () => {
    const broken = () => {
      throw new Error('no leader')
    }
    const { producer, sent, metrics } = setUp([broken, (all) => all])
    await producer.send([record(0)])
    assert.equal(sent.length, 2)
    assert.equal(
      await metricValue(metrics, 'gochat_kafka_records_total', { direction: 'out', topic: 'gochat.upstream' }),
      1,
    )
  })

  it('gives up at the deadline as UNAVAILABLE, never as success', async () => {
    const { producer, metrics } = setUp([() => []], 100)
    const error = await producer.send([record(0)]).catch((reason: unknown) => reason)
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'UNAVAILABLE')
    assert.equal(error.retryable, true)
    assert.equal(await metricValue(metrics, 'gochat_kafka_produce_failures_total'), 1)
  })

  it('does not repeat what the broker will never take', async () => {
    const { producer, sent } = setUp([
      () => {
        throw new Error('gave up', { cause: Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' }) })
      },
    ])
    await assert.rejects(producer.send([record(0)]), { code: 'PAYLOAD_TOO_LARGE', retryable: false })
    assert.equal(sent.length, 1)
  })

  it('stops repeating when it is disposed', async () => {
    const { producer } = setUp([() => []], 60_000)
    const sending = producer.send([record(0)])
    await producer[Symbol.asyncDispose]()
    await assert.rejects(sending, { code: 'UNAVAILABLE' })
  })
})
