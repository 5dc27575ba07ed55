import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConversationKind, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { authorize, type Action, type Actor, type Subject } from './authorize.ts'

const group: Subject = { kind: ConversationKind.GROUP, memberCount: 3 }
const direct: Subject = { kind: ConversationKind.DIRECT, memberCount: 2 }
const nowMs = 1000

function actor(role: Role, more: Partial<Actor> = {}): Actor {
  return { role, isActive: true, mutedUntilMs: 0, ...more }
}

const actors = {
  stranger: undefined,
  former: actor(Role.OWNER, { isActive: false }),
  member: actor(Role.MEMBER),
  muted: actor(Role.MEMBER, { mutedUntilMs: nowMs + 1 }),
  admin: actor(Role.ADMIN),
  owner: actor(Role.OWNER),
} as const

const yes = 'yes'
const no = 'FORBIDDEN'
const none = 'CONVERSATION_NOT_FOUND'

/** Columns: stranger, former, member, muted, admin, owner. */
const inGroup: [Action, ...string[]][] = [
  ['send', none, none, yes, no, yes, yes],
  ['read', none, none, yes, yes, yes, yes],
  ['typing', none, none, yes, yes, yes, yes],
  ['see history', none, yes, yes, yes, yes, yes],
  ['see details', none, none, yes, yes, yes, yes],
  ['add', none, none, no, no, yes, yes],
  ['remove', none, none, no, no, yes, yes],
  [{ remove: actor(Role.MEMBER) }, none, none, no, no, yes, yes],
  [{ remove: actor(Role.ADMIN) }, none, none, no, no, no, yes],
  [{ remove: actor(Role.OWNER) }, none, none, no, no, no, no],
  ['leave', none, none, yes, yes, yes, no],
]

for (const [action, ...expected] of inGroup) {
  test(`in a group, ${JSON.stringify(action)}: as the table says for each role`, () => {
    const answers = Object.values(actors).map((one) => authorize(one, action, group, nowMs)?.code ?? yes)
    assert.deepEqual(answers, expected)
  })
}

test('a direct conversation: both may talk, nobody joins, is removed or leaves', () => {
  for (const action of ['send', 'read', 'typing', 'see history'] as const) {
    assert.equal(authorize(actors.member, action, direct, nowMs), undefined)
  }
  for (const action of ['add', 'remove', 'leave'] as const) {
    assert.equal(authorize(actors.owner, action, direct, nowMs)?.code, 'FORBIDDEN')
  }
})

test('an owner who is alone may leave', () => {
  assert.equal(authorize(actors.owner, 'leave', { ...group, memberCount: 1 }, nowMs), undefined)
})

test('a mute ends by itself', () => {
  assert.equal(authorize(actors.muted, 'send', group, nowMs + 1), undefined)
})

test('a conversation that does not exist looks like one that the actor is not in', () => {
  assert.deepEqual(authorize(actors.owner, 'send', undefined), authorize(undefined, 'send', group))
})
