import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConversationKind, JoinMode, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { authorize, authorizeOn, type Action, type Actor, type Subject } from './authorize.ts'

const group: Subject = {
  kind: ConversationKind.GROUP,
  joinMode: JoinMode.INVITE,
  isMutedAll: false,
  dissolvedSeq: 0,
}
const direct: Subject = { ...group, kind: ConversationKind.DIRECT }
const nowMs = 1000

function actor(role: Role, more: Partial<Actor> = {}): Actor {
  return { role, isActive: true, mutedUntilMs: 0, ...more }
}

const isMuted = { mutedUntilMs: nowMs + 1 }

/** The columns of the tables below. Guests have the rights of members, and suspended users never get here: tests/support/groups/rights.ts has their rows. */
const actors = {
  none: undefined,
  left: actor(Role.OWNER, { isActive: false }),
  muted: actor(Role.MEMBER, isMuted),
  member: actor(Role.MEMBER),
  admin: actor(Role.ADMIN),
  mutedAdmin: actor(Role.ADMIN, isMuted),
  owner: actor(Role.OWNER),
} as const

const codes = { yes: undefined, no: 'FORBIDDEN', hide: 'CONVERSATION_NOT_FOUND' } as const
type Cell = keyof typeof codes

type Table = Readonly<Record<Action, string>>

// prettier-ignore
const inGroup: Table = {
  //               none left muted member admin mutedAdmin owner
  send:            'hide hide no  yes yes no  yes',
  read:            'hide hide yes yes yes yes yes',
  typing:          'hide hide yes yes yes yes yes',
  seeHistory:      'hide yes  yes yes yes yes yes',
  seeDetails:      'hide hide yes yes yes yes yes',
  seeRequests:     'hide hide no  no  yes yes yes',
  add:             'hide hide no  no  yes yes yes',
  remove:          'hide hide no  no  yes yes yes',
  leave:           'hide hide yes yes yes yes no',
  rename:          'hide hide no  no  yes yes yes',
  setAnnouncement: 'hide hide no  no  yes yes yes',
  setJoinMode:     'hide hide no  no  yes yes yes',
  muteAll:         'hide hide no  no  yes yes yes',
  mute:            'hide hide no  no  yes yes yes',
  setRole:         'hide hide no  no  no  no  yes',
  transfer:        'hide hide no  no  no  no  yes',
  dissolve:        'hide hide no  no  no  no  yes',
  join:            'hide hide yes yes yes yes yes',
  withdraw:        'yes  yes  yes yes yes yes yes',
  approve:         'hide hide no  no  yes yes yes',
  reject:          'hide hide no  no  yes yes yes',
}

const actions = Object.keys(inGroup) as Action[]

function check(conversation: Subject, expected: (action: Action) => readonly Cell[]): void {
  for (const action of actions) {
    const found = Object.entries(actors).map(([name, one]) => [name, authorize(one, action, conversation, nowMs)?.code])
    const cells = expected(action)
    assert.deepEqual(
      found,
      Object.keys(actors).map((name, index) => [name, codes[cells[index]!]]),
      action,
    )
  }
}

const cellsOf = (row: string) => row.split(/ +/) as Cell[]

test('in a group: every action of every role is as the table says', () => {
  check(group, (action) => cellsOf(inGroup[action]))
})

test('a group that one may join, or ask to: the same, but that strangers and former members may do so', () => {
  for (const joinMode of [JoinMode.APPROVAL, JoinMode.OPEN]) {
    check({ ...group, joinMode }, (action) =>
      action === 'join' ? actions.map(() => 'yes' as const) : cellsOf(inGroup[action]),
    )
  }
})

test('a group that is muted: members may not send, admins and the owner may', () => {
  check({ ...group, isMutedAll: true }, (action) =>
    action === 'send' ? cellsOf('hide hide no no yes no yes') : cellsOf(inGroup[action]),
  )
})

test('a dissolved group: who was in it may see its history, and nobody anything else, however one got in', () => {
  for (const joinMode of [JoinMode.INVITE, JoinMode.APPROVAL, JoinMode.OPEN]) {
    check({ ...group, joinMode, dissolvedSeq: 7 }, (action) =>
      cellsOf(action === 'seeHistory' ? 'hide yes yes yes yes yes yes' : 'hide hide hide hide hide hide hide'),
    )
  }
})

test('a direct conversation: both may talk, and nothing that changes who is in it, or how', () => {
  const talking: readonly Action[] = ['send', 'read', 'typing', 'seeHistory', 'seeDetails']
  for (const action of actions) {
    const expected = talking.includes(action) ? undefined : 'FORBIDDEN'
    assert.equal(authorize(actors.member, action, direct, nowMs)?.code, expected, action)
    // Whoever asks to withdraw has no request there: its evaluation hides the conversation.
    if (action !== 'withdraw') assert.equal(authorize(undefined, action, direct)?.code, codes.hide, action)
  }
})

test('nobody acts on somebody of the same or of a higher role', () => {
  const roles = [Role.MEMBER, Role.ADMIN, Role.OWNER]
  const answers = roles.map((own) => roles.map((other) => authorizeOn(actor(own), actor(other)) === undefined))
  assert.deepEqual(answers, [
    [false, false, false],
    [true, false, false],
    [true, true, false],
  ])
})

test('a mute ends by itself', () => {
  assert.equal(authorize(actors.muted, 'send', group, nowMs + 1), undefined)
})

test('a conversation that does not exist looks like one that the actor is not in', () => {
  for (const action of actions) {
    assert.deepEqual(authorize(actors.owner, action, undefined), { code: 'CONVERSATION_NOT_FOUND' })
  }
})
