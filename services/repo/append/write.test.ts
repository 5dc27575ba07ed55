import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { AppendStreamRequestSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
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

function send(senderId: string, clientMessageId: string, body = '{}') {
  return { type: 'text', senderId, clientMessageId, contentHash: hash, body: Buffer.from(body), isUnread: true }
}

test('entries get the seqs and ordinals that lead up to the new head; changes do not count as unread', async () => {
  const left = { type: 'left', senderId: '2', commandId: 'c', contentHash: hash, body: Buffer.from('{}') }
  const plan = planOf([{ conversationId: '9', entries: [send('1', 'a'), left, send('1', 'b')] }])
  const opened = { heads: new Map([['9', { lastSeq: 12, lastOrdinal: 7 }]]), members: new Map(), answers: [] }
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

test('much is split into several statements and packets, in order and complete', async () => {
  const body = 'x'.repeat(60_000)
  const plan = planOf([
    { conversationId: '9', entries: Array.from({ length: 200 }, (_, i) => send('1', `m${i}`, body)) },
  ])
  const opened = { heads: new Map([['9', { lastSeq: 200, lastOrdinal: 200 }]]), members: new Map(), answers: [] }
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
