import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { ConversationStateSchema } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { Overlay } from './overlay.ts'
import { createStates } from './state.ts'
import { nobodyAsks } from './testing/records.ts'

const threshold = 500

function loaded(conversationId: string, ...userIds: string[]) {
  return create(ConversationStateSchema, {
    conversationId,
    deliveryClass: DeliveryClass.DIRECT,
    lastSeq: 5,
    memberCount: userIds.length,
    isWhole: true,
    members: userIds.map((userId) => ({ userId, isActive: true, joinSeq: 0 })),
  })
}

/** Of 1 000 members these. */
function partOf(conversationId: string, ...userIds: string[]) {
  const whole = loaded(conversationId, ...userIds)
  return { ...whole, deliveryClass: DeliveryClass.LARGE, memberCount: 1000, isWhole: false }
}

test('example: an overlay shows its changes at once, the state only after apply', () => {
  const states = createStates()
  states.put(loaded('1', 'a', 'b'), [], 0)
  const state = states.get('1')!
  const overlay = new Overlay(state, threshold, nobodyAsks)
  assert.equal(overlay.takeSeq(), 6)
  overlay.join(['c'], 5)
  const withC = overlay.userIds()
  overlay.takeSeq()
  overlay.leave(['a', 'c'])
  assert.deepEqual([withC, overlay.userIds(), overlay.memberCount], [['a', 'b', 'c'], ['b'], 1])
  assert.deepEqual([state.userIds, state.lastSeq], [['a', 'b'], 5])
  overlay.apply(overlay.newClass)
  assert.deepEqual([state.userIds, [...state.members.keys()], state.lastSeq], [['b'], ['b'], 7])
})

test('who comes back in one batch starts anew, and is counted in versions twice', () => {
  const states = createStates()
  states.put(loaded('1', 'a', 'b'), [], 0)
  const overlay = new Overlay(states.get('1')!, threshold, nobodyAsks)
  overlay.takeSeq()
  overlay.leave(['b'])
  overlay.takeSeq()
  overlay.join(['b'], 6)
  assert.deepEqual([overlay.member('b')?.joinSeq, overlay.memberVersion, overlay.userIds()], [6, 2, ['a', 'b']])
  overlay.apply(overlay.newClass)
  assert.equal(states.get('1')?.members.get('b')?.joinSeq, 6)
})

test('trimmed to its bounds it forgets what was longest without a command', () => {
  const states = createStates({ maxConversations: 2, maxMembers: 5 })
  for (const id of ['1', '2', '3']) states.put(loaded(id, 'a'), [], 0)
  assert.equal(states.size, 3, 'never in the middle of a batch')
  states.get('1')
  states.trim()
  assert.deepEqual([states.get('2'), states.size], [undefined, 2])
  states.put(loaded('9', 'a', 'b', 'c', 'd', 'e'), [], 0)
  states.trim()
  assert.equal(states.size, 1)
})

test('a lost partition takes its conversations along', () => {
  const states = createStates()
  states.put(loaded('1', 'a'), [], 0)
  states.put(loaded('2', 'a'), [], 1)
  states.dropPartition(0)
  assert.deepEqual([states.get('1'), states.size], [undefined, 1])
})

test('of a large conversation those are held whom commands named, and a change keeps them known', () => {
  const states = createStates()
  states.put(partOf('1', 'a', 'b'), ['a', 'b', 'x'], 0)
  const state = states.get('1')!
  const overlay = new Overlay(state, threshold, nobodyAsks)
  overlay.join(['x'], overlay.lastSeq)
  overlay.leave(['b'])
  assert.deepEqual([overlay.recipients(), overlay.memberCount], [{ memberVersion: 2 }, 1000])
  overlay.apply(overlay.newClass)
  assert.deepEqual([[...state.members.keys()], [...state.outsiders], state.userIds], [['a', 'x'], ['b'], []])
  assert.deepEqual([state.memberVersion, state.memberCount], [2, 1000])
})

test('what is loaded adds to what is held of the same moment, and takes its place when it is newer', () => {
  const states = createStates()
  states.put(partOf('1', 'a'), ['a', 'x'], 0)
  states.put(partOf('1', 'b'), ['b', 'y'], 0)
  const both = states.get('1')!
  assert.deepEqual(
    [[...both.members.keys()], [...both.outsiders]],
    [
      ['a', 'b'],
      ['x', 'y'],
    ],
  )
  states.put({ ...partOf('1', 'c'), lastSeq: 6 }, ['c'], 0)
  assert.deepEqual([...states.get('1')!.members.keys()], ['c'])
  states.put({ ...loaded('1', 'c', 'd'), deliveryClass: DeliveryClass.LARGE, lastSeq: 6 }, [], 0)
  assert.deepEqual([...states.get('1')!.members.keys()], ['c', 'd'])
})

test('strangers and newcomers count when it is trimmed', () => {
  const states = createStates({ maxMembers: 5 })
  states.put(partOf('1', 'a'), ['a', 'x', 'y'], 0)
  states.put(partOf('2', 'a'), ['a'], 0)
  states.trim()
  assert.equal(states.size, 2)
  const overlay = new Overlay(states.get('2')!, threshold, nobodyAsks)
  overlay.join(['b', 'c'], 5)
  overlay.apply(overlay.newClass)
  states.get('2')
  states.trim()
  assert.deepEqual([states.get('1'), states.size], [undefined, 1])
})

test('only what is whole turns direct', () => {
  const states = createStates()
  states.put({ ...partOf('1', 'a'), memberCount: 2 }, ['a'], 0)
  states.put({ ...loaded('2', 'a', 'b'), deliveryClass: DeliveryClass.LARGE }, [], 0)
  const [part, whole] = ['1', '2'].map((id) => new Overlay(states.get(id)!, threshold, nobodyAsks))
  assert.deepEqual([part?.newClass, part?.recipients()], [DeliveryClass.UNSPECIFIED, { memberVersion: 0 }])
  assert.deepEqual([whole?.newClass, whole?.recipients()], [DeliveryClass.DIRECT, ['a', 'b']])
  whole?.apply(DeliveryClass.UNSPECIFIED)
  assert.deepEqual([states.get('2')?.isLarge, states.get('2')?.userIds], [true, []], 'not written: not so')
  whole?.apply(DeliveryClass.DIRECT)
  assert.deepEqual([states.get('2')?.isLarge, states.get('2')?.userIds], [false, ['a', 'b']])
})
