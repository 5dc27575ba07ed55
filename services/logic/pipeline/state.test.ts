import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { ConversationStateSchema } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { Overlay } from './overlay.ts'
import { createStates } from './state.ts'

function loaded(conversationId: string, ...userIds: string[]) {
  return create(ConversationStateSchema, {
    conversationId,
    lastSeq: 5,
    members: userIds.map((userId) => ({ userId, isActive: true, joinSeq: 0 })),
  })
}

test('example: an overlay shows its changes at once, the state only after apply', () => {
  const states = createStates()
  states.put(loaded('1', 'a', 'b'), 0)
  const state = states.get('1')!
  const overlay = new Overlay(state)
  assert.equal(overlay.takeSeq(), 6)
  overlay.join(['c'])
  const withC = overlay.recipients()
  overlay.takeSeq()
  overlay.leave(['a', 'c'])
  assert.deepEqual([withC, overlay.recipients(), overlay.memberCount], [['a', 'b', 'c'], ['b'], 1])
  assert.deepEqual([state.userIds, state.lastSeq], [['a', 'b'], 5])
  overlay.apply()
  assert.deepEqual([state.userIds, [...state.members.keys()], state.lastSeq], [['b'], ['b'], 7])
})

test('who comes back in one batch starts anew, and sees its own join', () => {
  const states = createStates()
  states.put(loaded('1', 'a', 'b'), 0)
  const overlay = new Overlay(states.get('1')!)
  overlay.takeSeq()
  overlay.leave(['b'])
  overlay.takeSeq()
  overlay.join(['b'])
  assert.deepEqual([overlay.member('b')?.joinSeq, overlay.recipients()], [6, ['a', 'b']])
  overlay.apply()
  assert.equal(states.get('1')?.members.get('b')?.joinSeq, 6)
})

test('trimmed to its bounds it forgets what was longest without a command', () => {
  const states = createStates({ maxConversations: 2, maxMembers: 5 })
  for (const id of ['1', '2', '3']) states.put(loaded(id, 'a'), 0)
  assert.equal(states.size, 3, 'never in the middle of a batch')
  states.get('1')
  states.trim()
  assert.deepEqual([states.get('2'), states.size], [undefined, 2])
  states.put(loaded('9', 'a', 'b', 'c', 'd', 'e'), 0)
  states.trim()
  assert.equal(states.size, 1)
})

test('a lost partition takes its conversations along', () => {
  const states = createStates()
  states.put(loaded('1', 'a'), 0)
  states.put(loaded('2', 'a'), 1)
  states.dropPartition(0)
  assert.deepEqual([states.get('1'), states.size], [undefined, 1])
})
