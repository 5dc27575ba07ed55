import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { ConversationAppendSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { keysChangedBy } from './keys.ts'

test('an append changes its conversations, the places of senders, readers and changed members, and nothing else', () => {
  const conversations = [
    {
      conversationId: '1',
      entries: [
        { senderId: '5', isUnread: true },
        { senderId: '5', isUnread: true },
      ],
    },
    { conversationId: '2', reads: [{ userId: '6', seq: 3 }] },
    { conversationId: '3', entries: [{ senderId: '7', memberChanges: [{ userId: '8' }] }] },
    { conversationId: '4', lookups: [{ seq: 1 }], outcomes: [{ actorId: '9', commandId: 'x' }] },
    { conversationId: '5', outcomes: [{ actorId: '9', commandId: 'x', memberChanges: [{ userId: '10' }] }] },
  ].map((init) => create(ConversationAppendSchema, init))
  const keys = keysChangedBy({ conversations, partitions: [], createdAtMs: 0, createdAt: '' })
  assert.deepEqual(
    keys.map((key) => key.replace('gochat:repo:', '')),
    ['conversation:1', 'member:1:5', 'member:2:6', 'conversation:3', 'member:3:8', 'conversation:5', 'member:5:10'],
  )
})
