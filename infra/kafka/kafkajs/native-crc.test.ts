import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { crc32c } from '@node-rs/crc32'
import 'kafkajs'
import { useNativeCrc } from './native-crc.ts'

const require = createRequire(import.meta.url)
const crcOfKafkajs = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number
const encoder = 'kafkajs/src/protocol/recordBatch/v0'

test('the native checksum is that of kafkajs, and is in what kafkajs encodes from then on', async () => {
  for (const length of [0, 1, 7, 64, 4096, 100_001]) {
    const bytes = randomBytes(length)
    assert.equal(crc32c(bytes), crcOfKafkajs(bytes))
  }
  assert.ok(!(require.resolve(encoder) in require.cache), 'kafkajs holds its own checksum already')
  useNativeCrc()
  assert.equal(require('kafkajs/src/protocol/recordBatch/crc32C'), crc32c)
  const { RecordBatch } = require(encoder) as { RecordBatch(options: object): Promise<{ buffer: Buffer }> }
  const { buffer } = await RecordBatch({ firstTimestamp: 1, maxTimestamp: 1 })
  // Offset 8 bytes, length 4, leader epoch 4, magic 1; then the checksum of all that follows.
  assert.equal(buffer.readUInt32BE(17), crcOfKafkajs(buffer.subarray(21)))
})
