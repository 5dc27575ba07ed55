import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '#infra/errors/index.ts'
import { connectInMemory } from '#infra/rpc/index.ts'
import { waitFor } from '#infra/testing/index.ts'
import { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import type { History } from '../ports.ts'
import { fakeSocket, testHub } from '../testing/fake-socket.ts'
import { createQueries } from './queries.ts'

function setUp() {
  const { hub } = testHub()
  const socket = fakeSocket()
  const connection = hub.open(socket, '127.0.0.1')
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const message = connectInMemory(MessageService, {
    async getHeads() {
      await released
      return { heads: [], hasMore: false }
    },
    async getPages() {
      throw new AppError('INTERNAL')
    },
  })
  const history: History = {
    async page({ conversationId }) {
      if (conversationId === '404') throw new AppError('CONVERSATION_NOT_FOUND')
      throw new Error('the database said something private')
    },
  }
  return { queries: createQueries(message, history), connection, socket, release }
}

test('example: a fifth question at a time is refused with its id, and room is made by an answer', async () => {
  const { queries, connection, socket, release } = setUp()
  for (const id of ['1', '2', '3', '4', '5']) queries.sync(connection, '7', { t: 'sync', id, have: {} })
  await waitFor(() => socket.frames().length === 1, { what: 'a refusal' })
  const [refusal] = socket.frames() as { id?: string; error?: { code: string } }[]
  assert.deepEqual([refusal?.id, refusal?.error?.code], ['5', 'RATE_LIMITED'])
  release()
  await waitFor(() => socket.frames().length === 5, { what: 'four answers' })
  queries.sync(connection, '7', { t: 'sync', id: '6', have: {} })
  await waitFor(() => socket.frames().some(({ id, t }) => id === '6' && t === 'synced'), { what: 'the sixth answer' })
})

test('a failure is an error frame with the id of the question, and tells nothing that is not in the table', async () => {
  const { queries, connection, socket } = setUp()
  queries.history(connection, '7', { t: 'history', id: 'a', conversationId: '404', afterSeq: 0 })
  queries.history(connection, '7', { t: 'history', id: 'b', conversationId: '42', afterSeq: 0 })
  await waitFor(() => socket.frames().length === 2, { what: 'two errors' })
  const errors = socket.frames().map(({ id, error }) => [id, (error as { code: string }).code])
  assert.deepEqual(errors, [
    ['a', 'CONVERSATION_NOT_FOUND'],
    ['b', 'INTERNAL'],
  ])
  assert.doesNotMatch(JSON.stringify(socket.frames()), /private/)
})
