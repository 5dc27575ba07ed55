import { ScalarType, type DescField, type DescMessage, type DescOneof, type MessageInitShape } from '@bufbuild/protobuf'
import { build } from './build.ts'
import { tagOf, typeOf, wireTypes, type Type } from './fields.ts'
import type { UnknownField } from './reader.ts'
import { Writer } from './writer.ts'

type WriteMessage = (writer: Writer, message: object) => void

const writer = new Writer()
const compiled = new Map<DescMessage, WriteMessage>()
/** Whether a value of each type is another than what an absent one is read as, as code. */
const unlessZero: Record<Type, string> = {
  string: "v !== ''",
  bytes: 'v.length > 0',
  bool: 'v !== false',
  uint32: 'v !== 0',
  int32: 'v !== 0',
  // −0 is another than 0.
  double: '!Object.is(v, 0)',
}

/**
 * A message, or what `create` makes one of, as bytes: the same as protobuf-es' `toBinary` makes.
 * @throws RangeError, TypeError: a value that its field cannot hold.
 */
export function encode<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>): Buffer {
  try {
    writerOf(schema)(writer, message)
    return writer.take()
  } catch (error) {
    writer.reset()
    throw error
  }
}

function writerOf(schema: DescMessage): WriteMessage {
  let write = compiled.get(schema)
  if (write === undefined) {
    write = compile(schema)
    compiled.set(schema, write)
  }
  return write
}

/** The schema as code: protobuf-es walks it for each message, where every access is to a property it cannot foresee. */
function compile(schema: DescMessage): WriteMessage {
  const children: DescMessage[] = []
  const child = (message: DescMessage): string => `children[${children.push(message) - 1}]`
  const code = [
    'if (m.$unknown !== undefined) unknown(w, m.$unknown)',
    'let v, before, i',
    // Fields in falling order, because the end is written first.
    ...unitsOf(schema).map((unit) => (unit.kind === 'oneof' ? oneofCode(unit, child) : fieldCode(unit, child))),
  ].join('\n')
  const writers: WriteMessage[] = []
  const parameters = { children: writers, unknown: writeUnknown }
  const write = build<WriteMessage>(parameters, `return function write(w, m) {\n${code}\n}`)
  compiled.set(schema, write)
  writers.push(...children.map(writerOf))
  return write
}

/** Fields and oneofs by falling number; the fields of a oneof must follow one another. */
function unitsOf(schema: DescMessage): (DescField | DescOneof)[] {
  const units = new Set<DescField | DescOneof>()
  for (const field of schema.fields.toSorted((a, b) => b.number - a.number)) units.add(field.oneof ?? field)
  return [...units]
}

function oneofCode({ localName, fields }: DescOneof, child: (message: DescMessage) => string): string {
  const cases = fields.map(
    (field) => `case ${JSON.stringify(field.localName)}: v = o.value; ${valueCode(field, child)}; break`,
  )
  return `{ const o = m.${localName}; if (o !== undefined) switch (o.case) { ${cases.join('\n')} } }`
}

function fieldCode(field: DescField, child: (message: DescMessage) => string): string {
  const read = `v = m.${field.localName}`
  switch (field.fieldKind) {
    case 'list': {
      const isPacked = field.listKind !== 'message' && field.packed
      if (isPacked) {
        const item = `w.${typeOf(field)}(v[i])`
        const loop = `for (i = v.length - 1; i >= 0; i--) ${item}`
        return `${read}; if (v != null && v.length > 0) { before = w.size; ${loop}; w.varint(w.size - before); w.varint(${tagOf(field, 2)}) }`
      }
      const item = `const list = v; for (i = list.length - 1; i >= 0; i--) { v = list[i]; ${valueCode(field, child)} }`
      return `${read}; if (v != null) { ${item} }`
    }
    case 'map': {
      if (field.mapKey !== ScalarType.STRING) throw new TypeError(`${String(field)}: keys must be strings`)
      const entry = [
        'const start = w.size; v = map[key]',
        valueCode(field, child, 2),
        'w.string(key); w.varint(10)',
        `w.varint(w.size - start); w.varint(${tagOf(field, 2)})`,
      ]
      return `${read}; if (v != null) { const map = v; for (const key of Object.keys(map).reverse()) { ${entry.join('; ')} } }`
    }
    default:
      return `${read}; if (${isSet(field)}) { ${valueCode(field, child)} }`
  }
}

/** Whether the value `v` of a singular field is written. */
function isSet(field: DescField & { fieldKind: 'scalar' | 'enum' | 'message' }): string {
  const isExplicit = field.fieldKind === 'message' || field.proto.proto3Optional
  if (isExplicit) return 'v != null'
  return `v != null && ${field.fieldKind === 'enum' ? `v !== ${field.enum.values[0]!.number}` : unlessZero[typeOf(field)]}`
}

/** Writes the value `v`, and then the tag that stands before it. */
function valueCode(field: DescField, child: (message: DescMessage) => string, number = field.number): string {
  if (field.message === undefined) {
    const type = typeOf(field)
    return `w.${type}(v); w.varint(${(number << 3) | wireTypes[type]})`
  }
  const before = `before${number}`
  return `const ${before} = w.size; ${child(field.message)}(w, v); w.varint(w.size - ${before}); w.varint(${(number << 3) | 2})`
}

function writeUnknown(to: Writer, fields: readonly UnknownField[]): void {
  for (const { no, wireType, data } of fields.toReversed()) {
    to.raw(data)
    to.varint(((no << 3) | wireType) >>> 0)
  }
}
