import { ScalarType, type DescField, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import { build } from './build.ts'
import { tagOf, typeOf, wireTypes, type Type } from './fields.ts'
import { Reader } from './reader.ts'

interface Codec {
  /** A message with nothing set. */
  readonly zero: () => object
  /** Reads up to `end` into a message. */
  readonly read: (reader: Reader, message: object, end: number) => void
}

const compiled = new Map<DescMessage, Codec>()
const noBytes = new Uint8Array(0)
/** What a field of each type is that was not set, as code. */
const zeros: Record<Type, string> = {
  string: "''",
  bytes: 'noBytes',
  bool: 'false',
  uint32: '0',
  int32: '0',
  double: '0',
}

/**
 * The message that bytes hold, as protobuf-es' `fromBinary` makes it, with fields that the schema does not know in
 * `$unknown`. Fields of type bytes are views of `bytes`.
 * @throws RangeError, TypeError: not a message.
 */
export function decode<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  const { zero, read } = codecOf(schema)
  const reader = new Reader(bytes)
  const message = zero()
  read(reader, message, reader.length)
  return message as MessageShape<Desc>
}

function codecOf(schema: DescMessage): Codec {
  return compiled.get(schema) ?? compile(schema)
}

/** The schema as code, for the reason that `encode` has. */
function compile(schema: DescMessage): Codec {
  const children: DescMessage[] = []
  const child = (message: DescMessage): string => `children[${children.push(message) - 1}]`
  const zeros = schema.members.flatMap((member) => {
    const zero = member.kind === 'oneof' ? '{ case: undefined }' : zeroOf(member)
    return zero === undefined ? [] : [`${member.localName}: ${zero}`]
  })
  const code = `return {
    zero: () => ({ ${[`$typeName: ${JSON.stringify(schema.typeName)}`, ...zeros].join(', ')} }),
    read(r, m, end) {
      while (r.at < end) {
        const tag = r.uint32()
        switch (tag) {
          ${schema.fields.map((field) => casesOf(field, child)).join('\n')}
          default: (m.$unknown ??= []).push(r.unknown(tag))
        }
      }
      if (r.at !== end) throw new RangeError('a field is longer than its message')
    },
  }`
  const codecs: Codec[] = []
  const codec = build<Codec>({ children: codecs, noBytes }, code)
  compiled.set(schema, codec)
  codecs.push(...children.map(codecOf))
  return codec
}

/** As protobuf-es' `create` sets it; undefined: the property is absent. */
function zeroOf(field: DescField): string | undefined {
  if (field.fieldKind === 'list') return '[]'
  if (field.fieldKind === 'map') return '{}'
  if (field.fieldKind === 'message' || field.proto.proto3Optional) return undefined
  return field.fieldKind === 'enum' ? String(field.enum.values[0]!.number) : zeros[typeOf(field)]
}

function casesOf(field: DescField, child: (message: DescMessage) => string): string {
  const name = `m.${field.localName}`
  if (field.fieldKind === 'map') {
    if (field.mapKey !== ScalarType.STRING || field.mapKind === 'message') {
      throw new TypeError(`${String(field)}: only maps from strings to scalars are in use here`)
    }
    const type = typeOf(field)
    const entry = `if (t === 10) k = r.string(); else if (t === ${16 | wireTypes[type]}) v = r.${type}(); else r.unknown(t)`
    return `case ${tagOf(field, 2)}: { const to = r.end(end); let k = '', v = ${zeros[type]}; while (r.at < to) { const t = r.uint32(); ${entry} }
      Object.defineProperty(${name}, k, { value: v, enumerable: true, configurable: true, writable: true }); break }`
  }
  if (field.message === undefined) {
    const type = typeOf(field)
    const read = `r.${type}()`
    const tag = tagOf(field, wireTypes[type])
    if (field.fieldKind !== 'list') return `case ${tag}: ${set(field, read)}; break`
    const item = `case ${tag}: ${name}.push(${read}); break`
    if (wireTypes[type] === 2) return item
    return `${item}\ncase ${tagOf(field, 2)}: { const to = r.end(end); while (r.at < to) ${name}.push(${read}); break }`
  }
  const codec = child(field.message)
  const old = field.oneof
    ? `m.${field.oneof.localName}.case === ${JSON.stringify(field.localName)} ? m.${field.oneof.localName}.value : ${codec}.zero()`
    : `${name} ?? ${codec}.zero()`
  const target = field.fieldKind === 'list' ? `${codec}.zero()` : old
  const keep = field.fieldKind === 'list' ? `${name}.push(c)` : set(field, 'c')
  return `case ${tagOf(field, 2)}: { const to = r.end(end), c = ${target}; ${codec}.read(r, c, to); ${keep}; break }`
}

function set(field: DescField, value: string): string {
  if (field.oneof === undefined) return `m.${field.localName} = ${value}`
  return `m.${field.oneof.localName} = { case: ${JSON.stringify(field.localName)}, value: ${value} }`
}
