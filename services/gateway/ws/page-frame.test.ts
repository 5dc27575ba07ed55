import assert from 'node:assert/strict'
import { create } from '@bufbuild/protobuf'
import { test } from 'node:test'
import { EntrySchema } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { readFrames } from '../testing/fake-socket.ts'
import { pageFrame } from './page-frame.ts'

function entry(seq: number, body: string) {
  const fields = { conversationId: '42', seq, type: 'text', senderId: '7', clientMessageId: 'm', createdAtMs: 5 }
  return create(EntrySchema, { ...fields, body: Buffer.from(body) })
}
const read = (frame: Buffer) =>
  JSON.parse(readFrames(frame)[0]!) as { id: string; lastSeq: number; entries: { seq: number; body: unknown }[] }

test('example: stored bodies are spliced in as they are', () => {
  const frame = pageFrame('h "1"', '42', [entry(1, '{"text":"a \\"b\\" 🙂"}')], 9)
  const page = read(frame)
  assert.deepEqual([page.id, page.lastSeq, page.entries[0]?.body], ['h "1"', 9, { text: 'a "b" 🙂' }])
})

test('a change has no clientMessageId', () => {
  const page = read(pageFrame('h', '42', [{ ...entry(1, '{}'), clientMessageId: '' }], 1))
  assert.equal('clientMessageId' in page.entries[0]!, false)
})

test('a page of large bodies is cut short before it would make its reader look slow, but is never empty', () => {
  const large = JSON.stringify({ text: 'x'.repeat(60_000) })
  const page = read(
    pageFrame(
      'h',
      '42',
      Array.from({ length: 20 }, (_, index) => entry(index + 1, large)),
      20,
    ),
  )
  assert.deepEqual(
    page.entries.map(({ seq }) => seq),
    [1, 2, 3, 4],
  )
  const huge = JSON.stringify({ text: 'x'.repeat(400_000) })
  assert.equal(read(pageFrame('h', '42', [entry(1, huge), entry(2, huge)], 2)).entries.length, 1)
})
