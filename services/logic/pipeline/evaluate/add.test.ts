import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { limits } from '#proto/frames/index.ts'
import { ConversationKind, DeliveryClass, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { ConversationStateSchema } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { AddMembersSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { fromLoaded } from '../conversation.ts'
import { Overlay } from '../overlay.ts'
import { add } from '../testing/commands.ts'
import { itemOf, nobodyAsks } from '../testing/records.ts'
import { evaluateAdd } from './add.ts'

test('a group is full by the number of its members, of whom a large one holds few', () => {
  const loaded = create(ConversationStateSchema, {
    conversationId: '100',
    kind: ConversationKind.GROUP,
    deliveryClass: DeliveryClass.LARGE,
    memberCount: limits.maxGroupMembers - 1,
    members: [{ userId: '1', role: Role.OWNER, isActive: true }],
  })
  const overlay = new Overlay(fromLoaded(loaded, ['1', '2', '3'], 0), 500, nobodyAsks)
  const addOne = (userId: string) => {
    const item = itemOf(add('100', '1', 'c', [userId]))
    return evaluateAdd(
      item,
      create(AddMembersSchema, { userIds: [userId] }),
      overlay,
      new Map([[userId, { id: userId, isGuest: false }]]),
    )
  }
  assert.equal(addOne('2').is, 'quiet')
  const full = addOne('3')
  assert.equal(full.is === 'outcome' && full.outcome, 'LIMIT_EXCEEDED')
  assert.equal(overlay.memberCount, limits.maxGroupMembers)
})
