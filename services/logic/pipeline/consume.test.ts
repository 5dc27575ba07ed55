import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { partitionOf } from '#delivery/partition.ts'
import { UpstreamRecordSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { decodeRecord } from './consume.ts'
import { contentHash } from './content-hash.ts'
import type { CommandInit } from './testing/cluster.ts'
import { add, leave, read, send, typing } from './testing/commands.ts'
import { itemOf } from './testing/records.ts'

function decode(value: Buffer, partition = partitionOf('100', 8)) {
  const consumed = { offset: 5, key: undefined, value, timestampMs: 1, headers: {} }
  const record = decodeRecord(partition, consumed, 8)
  return { record, poison: record.poison }
}

function encode(...commands: CommandInit[]): Buffer {
  return Buffer.from(toBinary(UpstreamRecordSchema, create(UpstreamRecordSchema, { commands })))
}

function messageOf(type: string, body: string): CommandInit {
  const value = { type, body: Buffer.from(body) }
  return { conversationId: '100', actorId: '1', id: 'a', body: { case: 'send', value } }
}

function faultOf(command: CommandInit): string | undefined {
  return decode(encode(command)).record.items[0]?.fault
}

test('example: a record becomes items, the key of each naming conversation, actor and id', () => {
  const { record, poison } = decode(encode(send('100', '1', 'a'), leave('100', '1', 'a'), read('100', '1', 3)))
  assert.deepEqual(
    record.items.map(({ key, fault, index }) => [key, fault, index]),
    [
      ['100 1 m a', undefined, 0],
      ['100 1 c a', undefined, 1],
      ['', undefined, 2],
    ],
  )
  assert.deepEqual(poison, [])
})

test('what cannot be decoded is poison, and a record without commands', () => {
  const { record, poison } = decode(Buffer.from([0xff, 0xff]))
  assert.deepEqual(record.items, [])
  const value = Buffer.from([0xff, 0xff])
  assert.deepEqual(poison, [{ reason: 'undecodable', partition: partitionOf('100', 8), offset: 5, value }])
})

test('what gateways never send is refused, each fault by its name', () => {
  const good = send('100', '1', 'a')
  assert.equal(faultOf({ ...good, conversationId: '0100' }), 'conversation_id')
  assert.equal(faultOf({ ...good, conversationId: '18446744073709551616' }), 'conversation_id')
  assert.equal(faultOf({ ...good, actorId: '1;' }), 'actor_id')
  assert.equal(faultOf({ ...good, id: '' }), 'id')
  assert.equal(faultOf({ ...good, id: 'a"' }), 'id')
  assert.equal(faultOf(messageOf('created', '{}')), 'type')
  assert.equal(faultOf(messageOf('text', '')), 'body')
  assert.equal(faultOf(add('100', '1', 'a', [])), 'user_ids')
  assert.equal(faultOf(add('100', '1', 'a', ['x'])), 'user_ids')
  assert.equal(faultOf(read('100', '1', 0)), 'seq')
  assert.equal(faultOf({ conversationId: '100', actorId: '1' }), 'kind')
  assert.equal(faultOf(typing('100', '1')), undefined)
})

test('a command in a partition that is not its own is poison', () => {
  const { record, poison } = decode(encode(send('100', '1', 'a')), (partitionOf('100', 8) + 1) % 8)
  assert.equal(record.items[0]?.fault, 'partition')
  assert.equal(poison[0]?.index, 0)
})

test('a poisonous command is copied alone, with what only a later version knows', () => {
  // Field 30 of the second command: a kind that is not made yet.
  const strange = Buffer.from([0x12, 3, 0x31, 0x30, 0x30, 0xf2, 1, 2, 7, 7])
  const value = Buffer.concat([encode(send('100', '1', 'a')), Buffer.from([0x0a, strange.length]), strange])
  const { poison } = decode(value)
  assert.deepEqual(
    poison.map(({ reason, index, value }) => [reason, index, Buffer.from(value)]),
    [['actor_id', 1, Buffer.concat([Buffer.from([0x0a, strange.length]), strange])]],
  )
})

test('the content hash tells kind, type and body apart, and not the order of users', () => {
  const hashOf = (command: CommandInit) => Buffer.from(contentHash(itemOf(command).command)).toString('hex')
  const long = 'x'.repeat(60_000)
  assert.equal(hashOf(send('1', '1', 'a', 'one')), hashOf(send('2', '2', 'b', 'one')))
  assert.notEqual(hashOf(send('1', '1', 'a', 'one')), hashOf(send('1', '1', 'a', 'two')))
  assert.notEqual(hashOf(send('1', '1', 'a', long)), hashOf(send('1', '1', 'a', `${long}y`)))
  assert.equal(hashOf(add('1', '1', 'a', ['3', '2', '3'])), hashOf(add('1', '1', 'a', ['2', '3'])))
  assert.notEqual(hashOf(add('1', '1', 'a', ['2'])), hashOf(leave('1', '1', 'a')))
  assert.equal(hashOf(send('1', '1', 'a', 'one')).length, 32)
})
