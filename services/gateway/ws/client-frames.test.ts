import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFrameParser } from './client-frames.ts'

const parse = createFrameParser()
const refusal = (frame: unknown) => {
  const parsed = parse(typeof frame === 'string' ? frame : JSON.stringify(frame))
  return 'error' in parsed ? [parsed.error.code, parsed.error.details?.['field'], parsed.id] : 'accepted'
}
const text = { clientMessageId: 'm1', type: 'text', body: { text: 'hi' } }
const send = { t: 'send', id: 'f1', conversationId: '42', messages: [text] }

test('example: a good frame comes out as it is', () => {
  assert.deepEqual(parse(JSON.stringify(send)), { frame: send })
})

test('what is no JSON object of a known type is INVALID_FRAME, with the id where there is one', () => {
  assert.deepEqual(refusal(''), ['INVALID_FRAME', undefined, undefined])
  assert.deepEqual(refusal('null'), ['INVALID_FRAME', undefined, undefined])
  assert.deepEqual(refusal('"ping"'), ['INVALID_FRAME', undefined, undefined])
  assert.deepEqual(refusal({ t: 'toString', id: 'f1' }), ['INVALID_FRAME', '/t', 'f1'])
  assert.deepEqual(refusal({ t: ['ping'] }), ['INVALID_FRAME', '/t', undefined])
  assert.deepEqual(refusal(`{"t":"ping","\\u005f_proto__":{}}`), ['INVALID_FRAME', undefined, undefined])
  assert.deepEqual(refusal(`${'['.repeat(20_000)}${']'.repeat(20_000)}`), ['INVALID_FRAME', undefined, undefined])
})

test('a wrong field is named by its path', () => {
  const cases: [frame: object, field: string][] = [
    [{ ...send, conversationId: 42 }, '/conversationId'],
    [{ ...send, conversationId: '042' }, '/conversationId'],
    [{ ...send, messages: [] }, '/messages'],
    [{ ...send, messages: [text, { ...text, body: {} }] }, '/messages/1/body/text'],
    [{ ...send, messages: [{ ...text, body: { text: 'hi', more: 1 } }] }, '/messages/0/body/more'],
    [{ ...send, messages: [{ ...text, type: 'created' }] }, '/messages/0/type'],
    [{ ...send, messages: [{ ...text, type: 'custom', body: [] }] }, '/messages/0/body'],
    [{ ...send, messages: [{ ...text, clientMessageId: 'ä' }] }, '/messages/0/clientMessageId'],
    [{ ...send, messages: ['hi'] }, '/messages/0'],
    [{ t: 'send', id: 'f1', messages: [text] }, '/conversationId'],
    [{ t: 'read', conversationId: '42', seq: 0 }, '/seq'],
    [{ t: 'read', conversationId: '42', seq: 1.5 }, '/seq'],
    [{ t: 'history', id: 'h', conversationId: '42', afterSeq: 0, limit: 101 }, '/limit'],
    [{ t: 'ping', id: 'x' }, '/id'],
  ]
  for (const [frame, field] of cases) {
    const [code, found] = refusal(frame)
    assert.deepEqual([code, found], ['INVALID_ARGUMENT', field], JSON.stringify(frame))
  }
})

test('an id that has no UTF-8 form is refused: the answer could not carry it', () => {
  assert.deepEqual(refusal({ ...send, id: 'half \ud83d' }), ['INVALID_ARGUMENT', '/id', undefined])
})
