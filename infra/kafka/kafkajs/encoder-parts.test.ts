import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { mock, test } from 'node:test'
import 'kafkajs'
import { useEncoderParts } from './encoder-parts.ts'

interface Encoded {
  readonly buffer: Buffer
  size(): number
}
type EncodeRequest = (request: { correlationId: number; clientId: string; request: object }) => Promise<Encoded>

const require = createRequire(import.meta.url)
const encodeRequest = require('kafkajs/src/protocol/request') as EncodeRequest
const produce = require('kafkajs/src/protocol/requests/produce/v3/request') as (options: object) => object
const { prototype: encoderPrototype } = require('kafkajs/src/protocol/encoder') as {
  prototype: { writeBytes: unknown }
}

/** Everything that a produce request holds, with times that stand still. */
async function requestBytes(values: readonly Buffer[][]): Promise<Buffer> {
  const topicData = values.map((records, topic) => ({
    topic: `topic-${topic}`,
    partitions: records.map((value, partition) => ({
      partition,
      firstSequence: 0,
      messages: [
        { key: null, value, timestamp: 1_700_000_000_000, headers: { trace: 'abc' } },
        { key: Buffer.from('key'), value, timestamp: 1_700_000_000_001 },
      ],
    })),
  }))
  const request = produce({ acks: -1, timeout: 1000, topicData })
  const encoded = await encodeRequest({ correlationId: 7, clientId: 'test', request })
  assert.equal(encoded.size(), encoded.buffer.length)
  // As kafkajs does: it reads the length of the bytes, and then the bytes.
  assert.deepEqual(encoded.buffer, encoded.buffer)
  return Buffer.from(encoded.buffer)
}

test('requests have the bytes that kafkajs alone gives them, whatever the lengths', async () => {
  const lengths = [0, 1, 500, 1000, 1023, 1024, 1025, 5000, 131_072]
  const cases = [
    ...lengths.map((length) => [[randomBytes(length)]]),
    [lengths.map((length) => randomBytes(length)), [randomBytes(9)]],
  ]
  const before = await Promise.all(cases.map(requestBytes))
  useEncoderParts()
  assert.deepEqual(await Promise.all(cases.map(requestBytes)), before)
})

test('a long value is copied three times on its way into a request, not ten', async () => {
  useEncoderParts()
  const { writeBytes } = encoderPrototype
  useEncoderParts()
  assert.equal(encoderPrototype.writeBytes, writeBytes, 'a second bus wraps nothing again')
  const value = randomBytes(200_000)
  const concat = mock.method(Buffer, 'concat')
  const topicData = [{ topic: 'a', partitions: [{ partition: 0, firstSequence: 0, messages: [{ value }] }] }]
  const request = produce({ acks: -1, timeout: 1000, topicData })
  const { buffer } = await encodeRequest({ correlationId: 7, clientId: 'test', request })
  assert.equal(buffer.indexOf(value), buffer.length - value.length - 1, 'the value, and no headers')
  const copiedBytes = concat.mock.calls.reduce((sum, { result }) => sum + (result?.length ?? 0), 0)
  assert.ok(copiedBytes > value.length && copiedBytes < 3.1 * value.length, `${copiedBytes} bytes copied`)
})
