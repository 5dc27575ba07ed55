import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { ConversationAppendSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { applyMemberChanges, type MemberRow } from './member-changes.ts'

type Changes = [userId: string, isActive: boolean, role?: number][]

function apply(entries: { isUnread?: boolean; changes?: Changes }[], current: MemberRow[] = []) {
  const init: MessageInitShape<typeof ConversationAppendSchema> = {
    conversationId: '7',
    entries: entries.map(({ isUnread = false, changes = [] }) => ({
      isUnread,
      memberChanges: changes.map(([userId, isActive, role = 0]) => ({ userId, isActive, role: role as 0 })),
    })),
  }
  const members = new Map(current.map((row) => [row.user_id, row]))
  return applyMemberChanges(create(ConversationAppendSchema, init), members, { seq: 10, ordinal: 5 })
}

function row(more: Partial<MemberRow> = {}): MemberRow {
  return {
    conversation_id: '7',
    user_id: '1',
    role: 2,
    join_seq: 2,
    leave_seq: 0,
    read_seq: 4,
    read_ordinal: 3,
    ...more,
  }
}

test('example: who joins sees its own entry, has read all before it, and is a plain member', () => {
  const { rows, versions, countDelta } = apply([{ isUnread: true }, { changes: [['1', true]] }])
  assert.deepEqual(rows, [row({ role: 1, join_seq: 11, read_seq: 11, read_ordinal: 6 })])
  assert.deepEqual([versions, countDelta], [1, 1])
})

test('who leaves keeps its place up to the entry that says so', () => {
  const { rows, versions, countDelta } = apply([{ changes: [['1', false]] }], [row()])
  assert.deepEqual(rows, [row({ leave_seq: 11 })])
  assert.deepEqual([versions, countDelta], [1, -1])
})

test('a rejoin starts anew, with the role that it names', () => {
  const { rows, countDelta } = apply([{ changes: [['1', true, 3]] }], [row({ leave_seq: 8 })])
  assert.deepEqual(rows, [row({ role: 3, join_seq: 10, read_seq: 10, read_ordinal: 5 })])
  assert.equal(countDelta, 1)
})

test('what changes nothing counts nothing: leaving twice, leaving without having been in, joining while in', () => {
  for (const [changes, current] of [
    [[['1', false]], [row({ leave_seq: 8 })]],
    [[['1', false]], []],
    [[['1', true]], [row()]],
    [[['1', true, 2]], [row()]],
  ] satisfies [Changes, MemberRow[]][]) {
    assert.deepEqual(apply([{ changes }], current), { rows: [], versions: 0, countDelta: 0 })
  }
})

test('another role for who is in changes the role alone', () => {
  const { rows, versions, countDelta } = apply([{ changes: [['1', true, 3]] }], [row()])
  assert.deepEqual(rows, [row({ role: 3 })])
  assert.deepEqual([versions, countDelta], [1, 0])
})

test('changes of one user build upon each other', () => {
  const { rows, versions, countDelta } = apply([
    { changes: [['1', true]] },
    { changes: [['1', false]] },
    { isUnread: true },
    { changes: [['1', true]] },
  ])
  assert.deepEqual(rows, [row({ role: 1, join_seq: 13, read_seq: 13, read_ordinal: 6 })])
  assert.deepEqual([versions, countDelta], [3, 1])
})
