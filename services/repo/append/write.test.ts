import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { AppendStreamRequestSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Head } from './open.ts'
import { isRejection, planAppend, type Plan } from './plan.ts'
import { draftWrite, packetsOf, writeSql } from './write.ts'

const hash = Buffer.alloc(16, 1)

function planOf(conversations: object[]): Plan {
  const request = {
    partitions: [{ partition: 0, epoch: 1, fromOffset: 0, toOffset: 1 }],
    conversations,
    createdAtMs: Date.UTC(2025, 0, 1),
  }
  const plan = planAppend(create(AppendStreamRequestSchema, request))
  assert.ok(!isRejection(plan))
  return plan
}

function headAt(lastSeq: number, lastOrdinal = lastSeq): Head {
  return { lastSeq, lastOrdinal, memberVersion: 4, deliveryClass: DeliveryClass.DIRECT, classSinceSeq: 1 }
}

function send(senderId: string, clientMessageId: string, body = '{}') {
  return { type: 'text', senderId, clientMessageId, contentHash: hash, body: Buffer.from(body), isUnread: true }
}

test('entries get the seqs and ordinals that lead up to the new head; changes do not count as unread', async () => {
  const left = { type: 'left', senderId: '2', commandId: 'c', contentHash: hash, body: Buffer.from('{}') }
  const plan = planOf([{ conversationId: '9', entries: [send('1', 'a'), left, send('1', 'b')] }])
  const opened = { heads: new Map([['9', headAt(12, 7)]]), members: new Map(), answers: [] }
  const [messages, commands, sent, ...rest] = writeSql(plan, await draftWrite(plan), opened)
  assert.deepEqual(
    [...messages!.matchAll(/\((\d+),(\d+),9,'(\w+)',(\d),('\w'|NULL)/g)].map((match) => match.slice(1)),
    [
      ['10', '6', 'text', '1', `'a'`],
      ['11', '6', 'left', '2', 'NULL'],
      ['12', '7', 'text', '1', `'b'`],
    ],
  )
  assert.match(commands!, /VALUES \(11,9,2,'c',X'(01){16}','applied','2025-01-01 00:00:00.000'\)$/)
  assert.match(sent!, /'\[\[9,1,12,7\]\]'/, 'one mark per sender, the last')
  assert.deepEqual(rest, [])
})

test('of several marks of one user the highest is written', async () => {
  const reads = [3, 9, 4].map((seq) => ({ userId: '5', seq }))
  const plan = planOf([{ conversationId: '9', reads }])
  const opened = { heads: new Map(), members: new Map(), answers: [] }
  const statements = writeSql(plan, await draftWrite(plan), opened)
  assert.equal(statements.length, 1)
  assert.match(statements[0]!, /'\[\[9,5,9\]\]'/)
})

test('a quiet change is an answer without a seq, and a listed version behind those before it', async () => {
  const quiet = (userId: string, commandId: string) => ({
    actorId: userId,
    commandId,
    contentHash: hash,
    outcome: 'applied',
    memberChanges: [{ userId, isActive: true }],
  })
  const plan = planOf([{ conversationId: '9', outcomes: [quiet('6', 'a'), quiet('5', 'b')] }])
  const opened = { heads: new Map([['9', headAt(12, 7)]]), members: new Map(), answers: [] }
  const [commands, members, counts, changes, joined, ...rest] = writeSql(plan, await draftWrite(plan), opened)
  assert.match(commands!, /VALUES \(0,9,6,'a',X'(01){16}','applied',.*\),\(0,9,5,'b'/)
  assert.match(members!, /VALUES \(9,6,1,12,0,12,7,NULL\),\(9,5,1,12,0,12,7,NULL\)/)
  assert.match(counts!, /'\[\[9,2,2\]\]'/)
  assert.match(changes!, /VALUES \(9,5,6\),\(9,6,5\)/)
  assert.equal(joined, 'DELETE FROM join_requests WHERE conversation_id = 9 AND user_id IN (6,5)')
  assert.deepEqual(rest, [])
})

test('another role, or a mute, writes its rows and no version: nobody came or went', async () => {
  const entry = {
    type: 'muted',
    senderId: '1',
    commandId: 'a',
    contentHash: hash,
    body: Buffer.from('{}'),
    memberChanges: [
      { userId: '5', isActive: true, role: 3 },
      { userId: '6', isActive: true, role: 1, mutedUntilMs: Date.UTC(2030, 0, 1) },
    ],
  }
  const row = (user_id: string) => ({
    conversation_id: '9',
    user_id,
    role: 1 as const,
    join_seq: 0,
    leave_seq: 0,
    read_seq: 4,
    read_ordinal: 2,
    muted_until: null,
  })
  const members = new Map([['9', new Map(['5', '6'].map((id) => [id, row(id)]))]])
  const plan = planOf([{ conversationId: '9', entries: [entry] }])
  const opened = { heads: new Map([['9', headAt(12)]]), members, answers: [] }
  const [, , written, ...rest] = writeSql(plan, await draftWrite(plan), opened)
  assert.match(written!, /VALUES \(9,5,3,0,0,4,2,NULL\),\(9,6,1,0,0,4,2,'2030-01-01 00:00:00.000'\)/)
  assert.deepEqual(rest, [])
})

test('what entries change of the conversation itself: of each thing the last change, and where it ended', async () => {
  const change = (commandId: string, conversationChange: object) => ({
    type: 'renamed',
    senderId: '1',
    commandId,
    contentHash: hash,
    body: Buffer.from('{}'),
    conversationChange,
  })
  const plan = planOf([
    {
      conversationId: '9',
      entries: [
        change('a', { name: "it's" }),
        change('b', { joinMode: 3, isMutedAll: true }),
        change('c', { name: 'b', announcement: '' }),
        change('d', { isDissolved: true }),
        change('e', { isMutedAll: false }),
      ],
    },
  ])
  const opened = { heads: new Map([['9', headAt(14)]]), members: new Map(), answers: [] }
  const statements = writeSql(plan, await draftWrite(plan), opened)
  assert.equal(
    statements.at(-1),
    "UPDATE conversations SET name = 'b',join_mode = 3,is_muted_all = 0,announcement = '',dissolved_seq = 13 WHERE id = 9",
  )
})

test('where requests to join stand in the end: one that follows a leave is new, one before a join is gone', async () => {
  const outcome = (commandId: string, more: object) => ({ actorId: '6', commandId, contentHash: hash, ...more })
  const asks = (commandId: string, userId: string, isPending: boolean, keptAnswers: number) =>
    outcome(commandId, { outcome: 'pending', joinRequestChange: { userId, isPending, keptAnswers } })
  const plan = planOf([
    {
      conversationId: '9',
      outcomes: [
        asks('a', '5', true, 1),
        outcome('b', { outcome: 'applied', memberChanges: [{ userId: '5', isActive: true }] }),
        outcome('c', { outcome: 'applied', memberChanges: [{ userId: '6', isActive: true }] }),
        outcome('d', { outcome: 'applied', memberChanges: [{ userId: '6', isActive: false }] }),
        asks('e', '6', true, 1),
        asks('f', '7', false, 4),
      ],
    },
  ])
  const opened = { heads: new Map([['9', headAt(12)]]), members: new Map(), answers: [] }
  const [gone, kept] = writeSql(plan, await draftWrite(plan), opened).slice(-2)
  assert.equal(gone, 'DELETE FROM join_requests WHERE conversation_id = 9 AND user_id IN (5)')
  assert.match(kept!, /VALUES \(9,6,1,1,'.*'\),\(9,7,0,4,'.*'\)/)
})

test('another class counts from the first entry; to large, the cursor begins before it; the same class costs nothing', async () => {
  const statementsFor = async (deliveryClass: DeliveryClass, head: Head) => {
    const plan = planOf([{ conversationId: '9', deliveryClass, entries: [send('1', 'a'), send('1', 'b')] }])
    return writeSql(plan, await draftWrite(plan), { heads: new Map([['9', head]]), members: new Map(), answers: [] })
  }
  const [, conversation, cursor, ...toLarge] = await statementsFor(DeliveryClass.LARGE, headAt(12))
  assert.match(conversation!, /^UPDATE .*'\[\[9,2,11\]\]'/)
  assert.match(cursor!, /^INSERT INTO fanout_cursors .*'\[\[9,10,0\]\]'/)
  assert.equal(toLarge.length, 1)
  const large: Head = { ...headAt(12), deliveryClass: DeliveryClass.LARGE, classSinceSeq: 5 }
  const [, back, ...toDirect] = await statementsFor(DeliveryClass.DIRECT, large)
  assert.match(back!, /^UPDATE .*'\[\[9,1,11\]\]'/)
  assert.equal(toDirect.length, 1)
  assert.equal((await statementsFor(DeliveryClass.LARGE, large)).length, 2)
  assert.equal((await statementsFor(DeliveryClass.UNSPECIFIED, large)).length, 2)
})

test('much is split into several statements and packets, in order and complete', async () => {
  const body = 'x'.repeat(60_000)
  const plan = planOf([
    { conversationId: '9', entries: Array.from({ length: 200 }, (_, i) => send('1', `m${i}`, body)) },
  ])
  const opened = { heads: new Map([['9', headAt(200)]]), members: new Map(), answers: [] }
  const statements = [...writeSql(plan, await draftWrite(plan), opened), 'COMMIT']
  const packets = packetsOf(statements)
  assert.ok(packets.length >= 3)
  for (const packet of packets) assert.ok(packet.join(';').length < 5 * 1024 * 1024)
  assert.deepEqual(packets.flat(), statements)
  const seqs = statements.flatMap((text) => [...text.matchAll(/\((\d+),\d+,9,'text'/g)].map(([, seq]) => Number(seq)))
  assert.deepEqual(
    seqs,
    seqs.map((_, i) => i + 1),
  )
  assert.equal(seqs.length, 200)
})

test('conversations are written in the order of their ids, as every transaction locks them', () => {
  const plan = planOf(['30', '4', '100'].map((conversationId) => ({ conversationId })))
  assert.deepEqual(
    plan.conversations.map(({ conversationId }) => conversationId),
    ['4', '30', '100'],
  )
})
