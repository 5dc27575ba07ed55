import { randomUUID } from 'node:crypto'
import { clientFrames } from '#proto/frames/index.ts'
import { badInputs, type Schema } from './bad-values.ts'
import type { Stage } from './stage.ts'

type FrameType = keyof typeof clientFrames
type GoodFrame = Readonly<Record<string, unknown>> & { readonly t: string }

/** A frame that must be refused, and how. */
export interface FrameRow {
  readonly what: string
  readonly data: string
  readonly code: 'INVALID_FRAME' | 'INVALID_ARGUMENT'
  readonly field?: string
  readonly id: string | undefined
}

/** One good frame of every type, with every field, by Ann; a new type without one does not compile. */
export function goodFrames({ ann, own }: Stage, conversationId: string = own): Record<FrameType, GoodFrame[]> {
  const message = (type: string, body: object) => ({ clientMessageId: randomUUID(), type, body })
  const send = { t: 'send', id: 'f1', conversationId }
  return {
    auth: [{ t: 'auth', token: ann.token }],
    send: [
      { ...send, messages: [message('text', { text: 'hi' }), message('text', { text: 'again' })] },
      { ...send, messages: [message('action', { text: 'waves' })] },
      { ...send, messages: [message('custom', { poll: ['tea'] })] },
    ],
    read: [{ t: 'read', conversationId, seq: 2 }],
    typing: [{ t: 'typing', conversationId }],
    sync: [{ t: 'sync', id: 'f1', have: { [conversationId]: 4 }, afterId: '1' }],
    history: [{ t: 'history', id: 'f1', conversationId, afterSeq: 0, upToSeq: 4, limit: 2 }],
    ping: [{ t: 'ping' }],
    pong: [{ t: 'pong' }],
  }
}

/** Everything that one change can make wrong with these frames. */
export function frameRows(type: FrameType, good: readonly GoodFrame[]): FrameRow[] {
  return good.flatMap((frame) => [...schemaRows(type, frame), ...jsonRows(frame)])
}

function* schemaRows(type: FrameType, good: GoodFrame): Generator<FrameRow> {
  for (const { what, value, field } of badInputs(clientFrames[type] as Schema, good)) {
    const frame = value as Record<string, unknown>
    const code = field === '/t' ? 'INVALID_FRAME' : 'INVALID_ARGUMENT'
    yield { what, data: JSON.stringify(frame), code, field, id: field === '/id' ? acceptable(frame['id']) : idOf(good) }
  }
}

/** An id that cannot be answered with is left out; one that is a field too many is not. */
function acceptable(id: unknown): string | undefined {
  return typeof id === 'string' && id.length <= 64 && id.isWellFormed() ? id : undefined
}

function* jsonRows(good: GoodFrame): Generator<FrameRow> {
  const json = JSON.stringify(good)
  const refuse = (what: string, data: string, id?: string): FrameRow => ({ what, data, code: 'INVALID_FRAME', id })
  yield refuse('cut off', json.slice(0, -1))
  yield refuse('doubled', json + json)
  yield refuse('in single quotes', json.replaceAll('"', "'"))
  yield refuse('with a comma too many', `${json.slice(0, -1)},}`)
  yield refuse('in an array', `[${json}]`)
  yield refuse('as a string', JSON.stringify(json))
  yield refuse('with a __proto__', `{"__proto__":{"x":1},${json.slice(1)}`)
  yield refuse('with a hidden __proto__', `{"\\u005f_proto__":{"x":1},${json.slice(1)}`)
  yield refuse('with a constructor', `{"constructor":{"prototype":{}},${json.slice(1)}`)
  yield refuse('with a number beyond all', `{"x":1e400,${json.slice(1)}`)
  yield refuse('with a NUL between', `{\u0000${json.slice(1)}`)
  yield refuse('nested too deep', `{"x":${'['.repeat(20_000)}${']'.repeat(20_000)},${json.slice(1)}`)
  const { t, ...rest } = good
  yield { ...refuse('without t', JSON.stringify(rest), idOf(good)), field: '/t' }
  for (const name of ['', t.toUpperCase(), ` ${t}`, 'hello', 'ack', 'toString', '__proto__', 'constructor']) {
    yield { ...refuse(`with t ${JSON.stringify(name)}`, JSON.stringify({ ...rest, t: name }), idOf(good)), field: '/t' }
  }
}

function idOf(frame: Readonly<Record<string, unknown>>): string | undefined {
  return frame['id'] as string | undefined
}
