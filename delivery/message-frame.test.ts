import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageFrame } from './message-frame.ts'

const entry = { type: 'custom', senderId: '5', clientMessageId: 'm-1', body: Buffer.from('{"text":"héllo ☃ \\u2028"}') }

test('example: a message frame is the entry, its body spliced in as the bytes that came', () => {
  const frame = messageFrame('100', 7, entry, 1234)
  assert.deepEqual(JSON.parse(frame.toString()), {
    t: 'message',
    conversationId: '100',
    seq: 7,
    type: 'custom',
    senderId: '5',
    clientMessageId: 'm-1',
    body: { text: 'héllo ☃ \u2028' },
    createdAt: 1234,
  })
  assert.ok(frame.includes(entry.body))
})

test('a change has no clientMessageId', () => {
  const frame = messageFrame('100', 7, { ...entry, type: 'left', clientMessageId: '' }, 1234)
  assert.ok(!('clientMessageId' in (JSON.parse(frame.toString()) as object)))
})
