import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { AppError } from '#infra/errors/index.ts'
import { silentLogger } from '#infra/testing/index.ts'
import {
  AppendStreamRequestSchema,
  AppendStreamResponseSchema,
  type AppendStreamResponse,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { createAppender, type AppendStream } from './append.ts'

type Answer = (requestId: number) => AppendStreamResponse | 'end' | 'nothing'

/** Streams that answer each attempt as told. */
function setUp(timeoutMs: number, ...answers: Answer[]) {
  const seen: number[] = []
  let opened = 0
  const ending = new AbortController()
  const appender = createAppender({
    log: silentLogger(),
    signal: ending.signal,
    timeoutMs,
    minBackoffMs: 1,
    open(): AppendStream {
      opened += 1
      let onMessage: (response: AppendStreamResponse) => void = () => {}
      let onEnd: (error?: AppError) => void = () => {}
      return {
        write({ requestId }) {
          seen.push(requestId)
          const answer = (answers.shift() ?? applied)(requestId)
          setImmediate(() => {
            if (answer === 'end') onEnd(new AppError('UNAVAILABLE'))
            else if (answer !== 'nothing') onMessage(answer)
          })
          return true
        },
        onMessage: (listener) => void (onMessage = listener),
        onEnd: (listener) => void (onEnd = listener),
        end() {},
        fail() {},
      }
    },
  })
  const append = () => appender.append(create(AppendStreamRequestSchema, { createdAtMs: 1 }))
  return { append, seen, ending, opened: () => opened }
}

const applied: Answer = (requestId) =>
  create(AppendStreamResponseSchema, { requestId, result: { case: 'applied', value: {} } })
const unavailable: Answer = (requestId) =>
  create(AppendStreamResponseSchema, { requestId, result: { case: 'unavailable', value: { reason: 'away' } } })

test('example: the answer to the request, on one stream for all', async () => {
  const { append, opened } = setUp(5000, applied, applied)
  assert.equal((await append()).case, 'applied')
  assert.equal((await append()).case, 'applied')
  assert.equal(opened(), 1)
})

test('unavailable, a broken stream and silence: it goes again, on a new stream where that one failed', async () => {
  const { append, seen, opened } = setUp(
    100,
    unavailable,
    () => 'end',
    () => 'nothing',
    applied,
  )
  assert.equal((await append()).case, 'applied')
  assert.deepEqual([seen, opened()], [[1, 2, 3, 4], 3])
})

test('an answer to an attempt that was given up is not taken for one to its repetition', async () => {
  const { append, seen } = setUp(30, (requestId) => applied(requestId - 1), applied)
  assert.equal((await append()).case, 'applied')
  assert.equal(seen.length, 2)
})

test('stopping ends the waiting', async () => {
  const { append, ending } = setUp(5000, () => 'nothing')
  setTimeout(() => ending.abort(), 5)
  await assert.rejects(append())
})
