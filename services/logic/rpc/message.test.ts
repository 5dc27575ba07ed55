import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { AppError } from '#infra/errors/index.ts'
import { connectInMemory } from '#infra/rpc/index.ts'
import {
  GetMembershipResponseSchema,
  ListHeadsResponseSchema,
} from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { ListEntriesResponseSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { createMessageService } from './message.ts'

/** A log of twenty entries, of which the member saw those after joinSeq, up to leaveSeq. */
function setUp(joinSeq: number, leaveSeq: number) {
  const handlers = createMessageService({
    messages: {
      async listEntries({ afterSeq = 0, upToSeq = 0, limit = 0 }) {
        const entries = Array.from({ length: 20 }, (_, index) => ({ conversationId: '100', seq: index + 1 }))
        const page = entries.filter(({ seq }) => seq > afterSeq && seq <= upToSeq).slice(0, limit)
        return create(ListEntriesResponseSchema, { entries: page })
      },
    },
    conversations: {
      async getMembership({ userId }) {
        if (userId !== '5') throw new AppError('CONVERSATION_NOT_FOUND')
        return create(GetMembershipResponseSchema, {
          conversation: { id: '100', lastSeq: 18 },
          member: { userId, joinSeq, leaveSeq, isActive: leaveSeq === 0 },
        })
      },
      async listHeads({ limit = 0 }) {
        const heads = ['1', '2', '3'].map((conversationId) => ({ conversationId, lastSeq: 9 })).slice(0, limit)
        return create(ListHeadsResponseSchema, { heads, hasMore: limit < 3 })
      },
    },
  })
  return connectInMemory(MessageService, handlers)
}

const asked = { actorId: '5', conversationId: '100' }

async function seqsOf(joinSeq: number, leaveSeq: number, more: object): Promise<unknown> {
  await using client = setUp(joinSeq, leaveSeq)
  const { entries, lastSeq } = await client.getHistory({ ...asked, ...more })
  return [entries.at(0)?.seq, entries.at(-1)?.seq, lastSeq]
}

test('example: a member reads on from where it is, also what is newer than the cached conversation', async () => {
  assert.deepEqual(await seqsOf(0, 0, { afterSeq: 15 }), [16, 20, 20])
  assert.deepEqual(await seqsOf(0, 0, { afterSeq: 15, upToSeq: 17 }), [16, 17, 18])
})

test('who joined later sees nothing from before, whatever is asked for', async () => {
  assert.deepEqual(await seqsOf(10, 0, { afterSeq: 0, limit: 3 }), [11, 13, 18])
})

test('who left keeps what it was entitled to, and sees nothing later', async () => {
  assert.deepEqual(await seqsOf(3, 8, {}), [4, 8, 8])
  assert.deepEqual(await seqsOf(3, 8, { upToSeq: 20 }), [4, 8, 8])
  assert.deepEqual(await seqsOf(3, 8, { afterSeq: 8 }), [undefined, undefined, 8])
})

test('who never was there is told nothing', async () => {
  await using client = setUp(0, 0)
  await assert.rejects(client.getHistory({ ...asked, actorId: '6' }), { code: 'CONVERSATION_NOT_FOUND' })
  await assert.rejects(client.getHistory({ ...asked, conversationId: 'x' }), { code: 'INVALID_ARGUMENT' })
})

test('heads: what the client holds already is left out, and the next page starts behind the last', async () => {
  await using client = setUp(0, 0)
  const first = await client.getHeads({ actorId: '5', have: { 1: 9, 2: 4 }, limit: 2 })
  assert.deepEqual(
    [first.heads.map((head) => head.conversationId), first.hasMore, first.nextAfterId],
    [['2'], true, '2'],
  )
  const all = await client.getHeads({ actorId: '5', have: {}, limit: 3 })
  assert.deepEqual([all.heads.length, all.hasMore, all.nextAfterId], [3, false, ''])
})
