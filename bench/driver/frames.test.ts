import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textFrame } from '#services/gateway/ws/text-frame.ts'
import { clientFrame, FrameReader } from './frames.ts'

const texts = ['', 'a', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(65_535), 'ü'.repeat(40_000), 'end']
const ping = Buffer.from([0x89, 1, 0x21])
const stream = Buffer.concat([ping, ...texts.map((text) => textFrame(Buffer.from(text)))])

function readIn(chunkBytes: number): string[] {
  const reader = new FrameReader()
  const seen: string[] = []
  // One buffer for all chunks, as the sockets have it: what is kept must be a copy.
  const shared = Buffer.alloc(chunkBytes)
  for (let at = 0; at < stream.length; at += chunkBytes) {
    const length = stream.copy(shared, 0, at, at + chunkBytes)
    reader.read(shared.subarray(0, length), (data, start, end) => seen.push(data.toString('utf8', start, end)))
  }
  return seen
}

test('frames of all three lengths are read whole, wherever the chunks are cut', () => {
  for (const chunkBytes of [stream.length, 70_000, 4096, 131, 127]) assert.deepEqual(readIn(chunkBytes), texts)
})

test('a short stream is read byte by byte', () => {
  const reader = new FrameReader()
  const seen: string[] = []
  const bytes = Buffer.concat(['one', 'w'.repeat(200), 'three'].map((text) => textFrame(Buffer.from(text))))
  for (let at = 0; at < bytes.length; at += 1) {
    reader.read(bytes.subarray(at, at + 1), (data, start, end) => seen.push(data.toString('utf8', start, end)))
  }
  assert.deepEqual(seen, ['one', 'w'.repeat(200), 'three'])
})

test('a client frame is masked with zero and says its length', () => {
  const short = clientFrame(Buffer.from('hello'))
  assert.deepEqual([...short.subarray(0, 6)], [0x81, 0x80 | 5, 0, 0, 0, 0])
  assert.equal(short.toString('utf8', 6), 'hello')
  const long = clientFrame(Buffer.from('l'.repeat(300)))
  assert.deepEqual([...long.subarray(0, 8)], [0x81, 0x80 | 126, 1, 44, 0, 0, 0, 0])
})
