import { ScalarType, type DescField } from '@bufbuild/protobuf'

/** The scalar types that our schemas use, by the name that reader and writer have for them, with their wire types. */
export const wireTypes = { string: 2, bytes: 2, uint32: 0, int32: 0, bool: 0, double: 1 } as const

export type Type = keyof typeof wireTypes

const types: Partial<Record<ScalarType, Type>> = {
  [ScalarType.STRING]: 'string',
  [ScalarType.BYTES]: 'bytes',
  [ScalarType.UINT32]: 'uint32',
  [ScalarType.INT32]: 'int32',
  [ScalarType.BOOL]: 'bool',
  [ScalarType.DOUBLE]: 'double',
}

/** How the value of a field, an item of its list or a value of its map is read and written. @throws TypeError: not in use here. */
export function typeOf(field: DescField): Type {
  const type = field.enum === undefined ? field.scalar && types[field.scalar] : 'int32'
  if (type === undefined) throw new TypeError(`${String(field)}: its type is not in use here`)
  return type
}

export function tagOf({ number }: DescField, wireType: number): number {
  return (number << 3) | wireType
}
