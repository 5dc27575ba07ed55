import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { AppError, errorBody } from '#infra/errors/index.ts'
import { encode } from '#infra/protobuf/index.ts'
import { EntryListSchema } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { GetPagesResponseSchema } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { createHistory } from './history.ts'

const question = { actorId: '5', conversationId: '100', afterSeq: 0, upToSeq: 0, limit: 50 }

/** A logic that answers when it is let; every page has one entry, just behind what was asked for. */
function setUp() {
  const calls: number[][] = []
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const history = createHistory({
    async getPages({ questions = [] }) {
      calls.push(questions.map(({ afterSeq = 0 }) => afterSeq))
      await released
      if (questions.some(({ conversationId }) => conversationId === '503')) throw new AppError('UNAVAILABLE')
      return create(GetPagesResponseSchema, { answers: questions.map((asked) => ({ result: resultOf(asked) })) })
    },
  })
  const ask = (afterSeq: number) => history.page({ ...question, afterSeq })
  return { history, ask, calls, release }
}

function resultOf({ conversationId, afterSeq = 0 }: { conversationId?: string; afterSeq?: number }) {
  if (conversationId === '404') {
    return { case: 'error', value: JSON.stringify(errorBody(new AppError('CONVERSATION_NOT_FOUND'))) } as const
  }
  const entries: MessageInitShape<typeof EntryListSchema>['entries'] = [{ seq: afterSeq + 1 }]
  return { case: 'page', value: { entryList: encode(EntryListSchema, { entries }), lastSeq: 9 } } as const
}

test('example: what is asked for in one turn shares a call, eight to each, and everybody gets its own page', async () => {
  const { ask, calls, release } = setUp()
  release()
  const pages = await Promise.all(Array.from({ length: 10 }, (_, afterSeq) => ask(afterSeq)))
  assert.deepEqual(calls, [
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9],
  ])
  assert.deepEqual(
    pages.map(({ entries, lastSeq }) => [entries[0]?.seq, lastSeq]),
    Array.from({ length: 10 }, (_, afterSeq) => [afterSeq + 1, 9]),
  )
})

test('four calls at a time; what comes meanwhile goes when one has ended', async () => {
  const { ask, calls, release } = setUp()
  const pages = Array.from({ length: 40 }, (_, afterSeq) => ask(afterSeq))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(calls.length, 4)
  release()
  await Promise.all(pages)
  assert.deepEqual(calls.at(-1), [32, 33, 34, 35, 36, 37, 38, 39])
})

test('an error of one question is its own; when the call fails all of it fail, and the next is asked', async () => {
  const { history, ask, release } = setUp()
  release()
  const [refused, page] = await Promise.allSettled([history.page({ ...question, conversationId: '404' }), ask(3)])
  assert.ok(refused.status === 'rejected' && (refused.reason as AppError).code === 'CONVERSATION_NOT_FOUND')
  assert.equal(page.status, 'fulfilled')
  const failed = await Promise.allSettled([history.page({ ...question, conversationId: '503' }), ask(3)])
  for (const one of failed) assert.ok(one.status === 'rejected' && (one.reason as AppError).code === 'UNAVAILABLE')
  assert.equal((await ask(4)).lastSeq, 9)
})

test('who has waited too long is told, and not asked for', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { ask, calls, release } = setUp()
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  const first = Array.from({ length: 32 }, () => ask(0))
  await new Promise(setImmediate)
  const late = ask(1)
  nowMs = 6000
  release()
  await Promise.all(first)
  await assert.rejects(late, { code: 'DEADLINE_EXCEEDED' })
  assert.equal(calls.length, 4)
})

test('a queue that is full refuses at once', async () => {
  const { ask, release } = setUp()
  const waiting = Array.from({ length: 4096 }, () => ask(0))
  await assert.rejects(ask(0), { code: 'OVERLOADED' })
  release()
  await Promise.all(waiting)
})
