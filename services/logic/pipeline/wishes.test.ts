import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { ConversationStateSchema } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { createStates } from './state.ts'
import type { CommandInit } from './testing/cluster.ts'
import { add, remove, send } from './testing/commands.ts'
import { itemOf } from './testing/records.ts'
import { wishesOf } from './wishes.ts'

const threshold = 500

/** A pair, and of a group of so many members one, and one who is none. */
function setUp(memberCount: number) {
  const states = createStates()
  const pair = { conversationId: '101', deliveryClass: DeliveryClass.DIRECT, memberCount: 2, isWhole: true }
  const group = { conversationId: '100', deliveryClass: DeliveryClass.LARGE, memberCount, members: [{ userId: '1' }] }
  states.put(create(ConversationStateSchema, pair), [], 0)
  states.put(create(ConversationStateSchema, group), ['1', '9'], 0)
  return (...commands: CommandInit[]) =>
    wishesOf(
      commands.map((command) => itemOf(command)),
      threshold,
      states,
    ).map(({ conversationId, userIds, isWhole }) => [conversationId, userIds, isWhole])
}

test('example: what is not held is asked for with all whom its commands name, what is held with nobody', () => {
  const wish = setUp(1000)
  assert.deepEqual(wish(send('102', '1', 'a'), add('102', '2', 'b', ['3', '1']), send('101', '7', 'c')), [
    ['102', ['1', '2', '3'], false],
  ])
  assert.deepEqual(wish(send('100', '1', 'a'), send('100', '9', 'b'), remove('100', '1', 'c', ['9'])), [])
})

test('one who is not known is asked for together with those who are', () => {
  const wish = setUp(1000)
  assert.deepEqual(wish(send('100', '1', 'a'), send('100', '2', 'b')), [['100', ['1', '2'], false]])
  assert.deepEqual(wish(remove('100', '1', 'a', ['9', '3'])), [['100', ['1', '9', '3'], false]])
})

test('a large conversation that is about to be direct is asked for as a whole', () => {
  assert.deepEqual(setUp(400)(send('100', '1', 'a')), [])
  assert.deepEqual(setUp(399)(send('100', '1', 'a')), [['100', ['1'], true]])
})

test('nothing is loaded for what is malformed', () => {
  assert.deepEqual(wishesOf([itemOf(send('102', '1', 'a'), { fault: 'id' })], threshold, createStates()), [])
})
