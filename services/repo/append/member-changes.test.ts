import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { ConversationAppendSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { applyMemberChanges, type MemberRow } from './member-changes.ts'

type Changes = [userId: string, isActive: boolean, role?: number][]
/** An entry, or, when it is quiet, a change between entries. */
interface Step {
  readonly isQuiet?: boolean
  readonly isUnread?: boolean
  readonly changes?: Changes
}

function apply(steps: Step[], current: MemberRow[] = []) {
  const entries = []
  const outcomes = []
  for (const { isQuiet = false, isUnread = false, changes = [] } of steps) {
    const memberChanges = changes.map(([userId, isActive, role = 0]) => ({ userId, isActive, role: role as 0 }))
    if (isQuiet) outcomes.push({ outcome: 'applied', memberChanges, afterEntries: entries.length })
    else entries.push({ isUnread, memberChanges })
  }
  const init: MessageInitShape<typeof ConversationAppendSchema> = { conversationId: '7', entries, outcomes }
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
    muted_until: null,
    ...more,
  }
}

test('example: who joins sees its own entry, has read all before it, and is a plain member', () => {
  const { rows, changedIds, countDelta } = apply([{ isUnread: true }, { changes: [['1', true]] }])
  assert.deepEqual(rows, [row({ role: 1, join_seq: 11, read_seq: 11, read_ordinal: 6 })])
  assert.deepEqual([changedIds, countDelta], [['1'], 1])
})

test('example: who joins quietly has read all that was there, and sees what comes next', () => {
  const { rows, changedIds, countDelta } = apply([
    { isUnread: true },
    { isQuiet: true, changes: [['1', true]] },
    { isUnread: true },
  ])
  assert.deepEqual(rows, [row({ role: 1, join_seq: 11, read_seq: 11, read_ordinal: 6 })])
  assert.deepEqual([changedIds, countDelta], [['1'], 1])
})

test('who leaves keeps its place up to the entry that says so; quietly, up to what was there', () => {
  for (const [isQuiet, leaveSeq] of [
    [false, 12],
    [true, 11],
  ] as const) {
    const steps = [{}, { isQuiet, changes: [['1', false]] as Changes }, {}]
    const { rows, changedIds, countDelta } = apply(steps, [row()])
    assert.deepEqual(rows, [row({ leave_seq: leaveSeq })])
    assert.deepEqual([changedIds, countDelta], [['1'], -1])
  }
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
    for (const isQuiet of [false, true]) {
      assert.deepEqual(apply([{ isQuiet, changes }], current), {
        rows: [],
        changedIds: [],
        countDelta: 0,
        joinRequests: undefined,
      })
    }
  }
})

test('another role for who is in changes the role alone, and is no version: nobody came or went', () => {
  const { rows, changedIds, countDelta } = apply([{ changes: [['1', true, 3]] }], [row()])
  assert.deepEqual(rows, [row({ role: 3 })])
  assert.deepEqual([changedIds, countDelta], [[], 0])
})

test('changes of one user build upon each other', () => {
  const { rows, changedIds, countDelta } = apply([
    { changes: [['1', true]] },
    { changes: [['1', false]] },
    { isUnread: true },
    { changes: [['1', true]] },
  ])
  assert.deepEqual(rows, [row({ role: 1, join_seq: 13, read_seq: 13, read_ordinal: 6 })])
  assert.deepEqual([changedIds, countDelta], [['1', '1', '1'], 1])
})

test('any mix of entries and quiet changes: each member sees what was written between its last join and leave', () => {
  const step = fc.record({
    isQuiet: fc.boolean(),
    isUnread: fc.boolean(),
    isActive: fc.boolean(),
    userIds: fc.subarray(['1', '2', '3']),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (wishes) => {
      const steps = wishes.map(({ isActive, userIds, ...rest }) => ({
        ...rest,
        changes: userIds.map((userId): [string, boolean] => [userId, isActive]),
      }))
      const { rows, changedIds, countDelta } = apply(steps)
      const { places, changes } = replay(steps)
      const seen = rows.map(({ user_id, join_seq, leave_seq, read_ordinal }) => {
        const seqs = Array.from({ length: 30 }, (_, seq) => seq)
        const visible = seqs.filter((seq) => join_seq < seq && (leave_seq === 0 || seq <= leave_seq))
        return [user_id, { isIn: leave_seq === 0, visible, read_ordinal }] as const
      })
      assert.deepEqual(new Map(seen), places)
      assert.deepEqual(changedIds, changes)
      assert.equal(countDelta, [...places.values()].filter(({ isIn }) => isIn).length)
    }),
  )
})

/** The same without subtraction: who is in is handed each entry as it is written, the ones to come included. */
function replay(steps: readonly Step[]) {
  const places = new Map<string, { isIn: boolean; visible: number[]; read_ordinal: number }>()
  const changes: string[] = []
  let seq = 10
  let ordinal = 5
  const change = (list: Changes) => {
    for (const [userId, isActive] of list) {
      if ((places.get(userId)?.isIn ?? false) === isActive) continue
      changes.push(userId)
      if (isActive) places.set(userId, { isIn: true, visible: [], read_ordinal: ordinal })
      else places.get(userId)!.isIn = false
    }
  }
  const write = () => {
    seq += 1
    for (const place of places.values()) if (place.isIn) place.visible.push(seq)
  }
  for (const { isQuiet, isUnread, changes: list = [] } of steps) {
    // Who joins or leaves by an entry sees that entry.
    const isLeaving = list.some(([, isActive]) => !isActive)
    if (!isLeaving || isQuiet) change(list)
    if (!isQuiet) write()
    if (isLeaving && !isQuiet) change(list)
    if (isUnread && !isQuiet) ordinal += 1
  }
  for (let toCome = 29 - seq; toCome > 0; toCome -= 1) write()
  return { places, changes }
}
