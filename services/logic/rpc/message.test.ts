import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { parseErrorBody } from '#infra/errors/index.ts'
import { connectInMemory } from '#infra/rpc/index.ts'
import { ListHeadsResponseSchema } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { ListMemberPagesResponseSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { createMessageService } from './message.ts'

/** User 5 was or is a member; what it may hold of the log is what the data layer gives. */
function setUp(joinSeq: number, leaveSeq: number, lastSeq: number) {
  const asked: object[] = []
  const handlers = createMessageService({
    messages: {
      async listMemberPages({ questions = [] }) {
        asked.push(...questions)
        const pages = questions.map(({ userId }) => {
          if (userId !== '5') return {}
          const member = { userId, joinSeq, leaveSeq, isActive: leaveSeq === 0 }
          return { conversation: { id: '100', lastSeq: 18 }, member, entryList, lastSeq }
        })
        return create(ListMemberPagesResponseSchema, { pages })
      },
    },
    conversations: {
      async listHeads({ limit = 0 }) {
        const heads = ['1', '2', '3'].map((conversationId) => ({ conversationId, lastSeq: 9 })).slice(0, limit)
        return create(ListHeadsResponseSchema, { heads, hasMore: limit < 3 })
      },
    },
  })
  return { client: connectInMemory(MessageService, handlers), asked }
}

/** Never looked into. */
const entryList = Buffer.from('entries')
const question = { actorId: '5', conversationId: '100', afterSeq: 15 }

test('example: a page passes as it is; the newest seq is what is newer of the cached conversation and its entries', async () => {
  for (const [joinSeq, leaveSeq, lastSeq, newest] of [
    [0, 0, 20, 20],
    [0, 0, 17, 18],
    [3, 8, 8, 8],
    [3, 8, 0, 8],
  ] as const) {
    const { client, asked } = setUp(joinSeq, leaveSeq, lastSeq)
    const { answers } = await client.getPages({ questions: [{ ...question, limit: 1000 }] })
    const result = answers[0]?.result
    assert.ok(result?.case === 'page')
    assert.deepEqual([Buffer.from(result.value.entryList), result.value.lastSeq], [entryList, newest])
    assert.partialDeepStrictEqual(asked, [{ userId: '5', conversationId: '100', afterSeq: 15, upToSeq: 0, limit: 100 }])
  }
})

test('each question has its own answer: who never was there is told nothing, and what is no id is not asked for', async () => {
  const { client, asked } = setUp(0, 0, 20)
  const { answers } = await client.getPages({
    questions: [{ ...question, conversationId: 'x' }, question, { ...question, actorId: '6' }],
  })
  assert.deepEqual(
    answers.map(({ result }) => (result.case === 'error' ? parseErrorBody(result.value)?.code : result.case)),
    ['INVALID_ARGUMENT', 'page', 'CONVERSATION_NOT_FOUND'],
  )
  assert.equal(asked.length, 2)
  assert.deepEqual((await client.getPages({})).answers, [])
})

test('more questions than fit into one answer are refused', async () => {
  const { client } = setUp(0, 0, 20)
  await assert.rejects(client.getPages({ questions: Array.from({ length: 9 }, () => question) }), {
    code: 'INVALID_ARGUMENT',
  })
})

test('heads: what the client holds already is left out, and the next page starts behind the last', async () => {
  const { client } = setUp(0, 0, 0)
  const first = await client.getHeads({ actorId: '5', have: { 1: 9, 2: 4 }, limit: 2 })
  assert.deepEqual(
    [first.heads.map((head) => head.conversationId), first.hasMore, first.nextAfterId],
    [['2'], true, '2'],
  )
  const all = await client.getHeads({ actorId: '5', have: {}, limit: 3 })
  assert.deepEqual([all.heads.length, all.hasMore, all.nextAfterId], [3, false, ''])
})
