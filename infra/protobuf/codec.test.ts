import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  create,
  fromBinary,
  ScalarType,
  toBinary,
  type DescField,
  type DescMessage,
  type MessageShape,
} from '@bufbuild/protobuf'
import fc, { type Arbitrary } from 'fast-check'
import { allMessages } from './testing/all-messages.ts'
import { CommandSchema, UpstreamRecordSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { decode, encode } from './index.ts'

test('example: a command to bytes and back', () => {
  const bytes = encode(CommandSchema, { id: 'c-1', body: { case: 'read', value: { seq: 7 } } })
  assert.equal(bytes.toString('hex'), '0a03632d3172020807')
  const { id, body } = decode(CommandSchema, bytes)
  assert.deepEqual([id, body.case, body.case === 'read' && body.value.seq], ['c-1', 'read', 7])
})

for (const schema of await allMessages()) {
  test(`${schema.typeName}: bytes and messages are those of protobuf-es`, () => {
    fc.assert(
      fc.property(initOf(schema), (init) => {
        const expected = toBinary(schema, create(schema, init))
        const bytes = encode(schema, init)
        assert.deepEqual(bytes, Buffer.from(expected))
        assert.deepEqual(decode(schema, bytes), fromBinary(schema, bytes))
        assert.deepEqual(encode(schema, decode(schema, bytes)), bytes)
      }),
      { numRuns: 30, seed: 1 },
    )
  })
}

test('whatever the bytes, there is a message or an error, and never another message than that of protobuf-es', () => {
  const valid = initOf(UpstreamRecordSchema).map((init) => encode(UpstreamRecordSchema, init))
  const broken = fc
    .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }), fc.nat())
    .map(([bytes, changes, cut]) => {
      const copy = Buffer.from(bytes.subarray(0, cut % (bytes.length + 1)))
      for (const [at, value] of changes) if (copy.length > 0) copy[at % copy.length] = value
      return copy
    })
  fc.assert(
    fc.property(fc.oneof(broken, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      const ours = outcome(() => decode(UpstreamRecordSchema, bytes))
      const theirs = outcome(() => fromBinary(UpstreamRecordSchema, bytes))
      if (ours !== undefined && theirs !== undefined && !hasUnknown(ours)) assert.deepEqual(ours, theirs)
      if (theirs !== undefined && !hasUnknown(theirs)) assert.notEqual(ours, undefined, 'refused what is a message')
    }),
    { numRuns: 3000, seed: 1 },
  )
})

test('fields of a later version survive decoding and encoding', () => {
  const command = Buffer.concat([
    encode(CommandSchema, { id: 'c' }),
    Buffer.from('c20c026869c80c9601d90c0102030405060708', 'hex'),
  ])
  const later = Buffer.concat([Buffer.from([10, command.length]), command])
  const record = decode(UpstreamRecordSchema, later)
  assert.deepEqual(record, fromBinary(UpstreamRecordSchema, later))
  assert.equal(record.commands[0]?.$unknown?.length, 3)
  assert.deepEqual(encode(UpstreamRecordSchema, record), later)
})

test('what is cut short, too long or not UTF-8 is refused', () => {
  const bytes = encode(UpstreamRecordSchema, {
    commands: [{ id: 'an id', body: { case: 'read', value: { seq: 300 } } }],
  })
  for (let length = 1; length < bytes.length; length += 1) {
    assert.throws(() => decode(UpstreamRecordSchema, bytes.subarray(0, length)), RangeError, String(length))
  }
  assert.throws(() => decode(CommandSchema, Buffer.from([0x0a, 1, 0xff])), TypeError)
  assert.throws(() => decode(CommandSchema, Buffer.from([0x0b])), RangeError)
  assert.equal(decode(CommandSchema, encode(CommandSchema, { id: '\ufeff\ufffd' })).id, '\ufeff\ufffd')
})

test('what a field cannot hold is refused, and the next message is whole', () => {
  for (const seq of [-1, 1.5, 2 ** 32, '7']) {
    assert.throws(
      () => encode(CommandSchema, { id: 'c', body: { case: 'read', value: { seq: seq as number } } }),
      RangeError,
    )
  }
  assert.throws(() => encode(CommandSchema, { id: 7 as never }), TypeError)
  assert.equal(encode(CommandSchema, { id: 'c' }).toString('hex'), '0a0163')
})

test('a message of megabytes is written as well as a small one after it', () => {
  const body = Buffer.alloc(3_000_000, 7)
  const command = { id: 'c', body: { case: 'send' as const, value: { type: 'text', body } } }
  const bytes = encode(CommandSchema, command)
  assert.deepEqual(bytes, Buffer.from(toBinary(CommandSchema, create(CommandSchema, command))))
  assert.equal(encode(CommandSchema, { id: 'c' }).length, 3)
})

function initOf<Desc extends DescMessage>(schema: Desc): Arbitrary<MessageShape<Desc>> {
  const record: Record<string, Arbitrary<unknown>> = {}
  for (const member of schema.members) {
    record[member.localName] =
      member.kind === 'oneof'
        ? fc.oneof(
            fc.constant({ case: undefined }),
            ...member.fields.map((field) => valueOf(field).map((value) => ({ case: field.localName, value }))),
          )
        : fieldOf(member)
  }
  return fc.record(record, { requiredKeys: [] }) as unknown as Arbitrary<MessageShape<Desc>>
}

function fieldOf(field: DescField): Arbitrary<unknown> {
  if (field.fieldKind === 'list') return fc.array(valueOf(field), { maxLength: 4 })
  if (field.fieldKind === 'map')
    return fc.dictionary(fc.string(), valueOf(field), { maxKeys: 4, noNullPrototype: true })
  return valueOf(field)
}

function valueOf(field: DescField): Arbitrary<unknown> {
  if (field.message !== undefined) return initOf(field.message)
  if (field.enum !== undefined) return fc.constantFrom(...field.enum.values.map(({ number }) => number), -1, 77)
  switch (field.scalar) {
    case ScalarType.STRING:
      return fc.oneof(fc.string({ unit: 'binary' }), fc.string({ maxLength: 300 }))
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 300 })
    case ScalarType.UINT32:
      return fc.oneof(fc.nat(), fc.constantFrom(0, 127, 128, 2 ** 28, 2 ** 32 - 1))
    case ScalarType.INT32:
      return fc.integer()
    case ScalarType.BOOL:
      return fc.boolean()
    default:
      return fc.double({ noNaN: true })
  }
}

function outcome<T>(of: () => T): T | undefined {
  try {
    return of()
  } catch {
    return undefined
  }
}

/** Of a wire type that its field does not have, protobuf-es makes something; here it is unknown. */
function hasUnknown(message: object): boolean {
  return Object.entries(message).some(
    ([name, value]) =>
      name === '$unknown' || (typeof value === 'object' && value !== null && hasUnknown(value as object)),
  )
}
