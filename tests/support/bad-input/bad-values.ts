/** What of a JSON schema is needed here, whether it comes from proto/frames or from /openapi.json. */
export interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
}

export interface BadInput {
  /** What is wrong with it. */
  readonly what: string
  readonly value: unknown
  /** The path that a refusal must name. */
  readonly field: string
}

/**
 * From one good value every way to spoil it in a single place: each field missing, of each wrong type, out of its range, and
 * one field too many, at every depth. The schema only says which fields there are: what is bad for a field is told by its
 * name, so that a schema that becomes looser turns a test red.
 */
export function* badInputs(schema: Schema, good: unknown, path = ''): Generator<BadInput> {
  const chosen = branchOf(schema, good)
  if (chosen.properties !== undefined) yield* spoilObject(chosen, good as Record<string, unknown>, path)
  else if (chosen.type === 'array') yield* spoilItems(chosen, good as unknown[], path)
  else if (isMap(chosen)) yield* spoilMap(chosen, good as Record<string, unknown>, path)
  if (path === '') return
  for (const value of badValues(nameOf(path), chosen)) yield { what: `${path} = ${show(value)}`, value, field: path }
}

function* spoilObject(schema: Schema, good: Record<string, unknown>, path: string): Generator<BadInput> {
  yield { what: `an unknown field in ${path}/`, value: { ...good, unknown: 1 }, field: `${path}/unknown` }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (!(name in good)) throw new Error(`the good example has no ${path}/${name}`)
    if (schema.required?.includes(name) === true) {
      const { [name]: _, ...rest } = good
      yield { what: `${path}/${name} is missing`, value: rest, field: `${path}/${name}` }
    }
    for (const bad of badInputs(field, good[name], `${path}/${name}`)) {
      yield { ...bad, value: { ...good, [name]: bad.value } }
    }
  }
}

function* spoilItems(schema: Schema, good: unknown[], path: string): Generator<BadInput> {
  const [first, ...rest] = good
  for (const bad of badInputs(schema.items ?? {}, first, `${path}/0`)) yield { ...bad, value: [bad.value, ...rest] }
}

function* spoilMap(schema: Schema, good: Record<string, unknown>, path: string): Generator<BadInput> {
  const value = valueOf(schema)!
  const [key = '', ...others] = Object.keys(good)
  const rest = Object.fromEntries(others.map((name) => [name, good[name]]))
  for (const bad of badInputs(value, good[key], `${path}/${key}`))
    yield { ...bad, value: { ...rest, [key]: bad.value } }
  for (const name of badIds) {
    yield { what: `${path} names ${show(name)}`, value: { ...good, [name]: 1 }, field: path }
  }
}

/** A map by names that are ids, unlike the free object of a custom message: its values have a type. */
function isMap(schema: Schema): boolean {
  return valueOf(schema)?.type !== undefined
}

function valueOf({ patternProperties = {}, additionalProperties }: Schema): Schema | undefined {
  const [value] = Object.values(patternProperties)
  return value ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
}

/** Of a union the branch whose constants the value has. */
function branchOf(schema: Schema, good: unknown): Schema {
  return (
    schema.anyOf?.find((branch) =>
      Object.entries(branch.properties ?? {}).every(
        ([name, field]) => field.const === undefined || field.const === (good as Record<string, unknown>)[name],
      ),
    ) ?? schema
  )
}

function badValues(name: string, schema: Schema): unknown[] {
  const special = byName[name] ?? []
  switch (schema.type) {
    case 'string':
      return [
        null,
        true,
        7,
        1e308,
        [],
        ['x'],
        {},
        { $ne: null },
        ...special,
        ...(schema.const === undefined ? [] : ['x']),
      ]
    case 'integer':
      return [null, true, 'x', '1', 1.5, -1, 2 ** 32, 2 ** 53, 1e308, [], [1], {}, { $ne: null }, ...special]
    case 'array':
      return [null, true, 7, 'x', {}, { $ne: null }, [null], [[]], [['x']], [{ $ne: null }], ...special]
    default:
      return [null, true, 7, 'x', [], [{}], ...special]
  }
}

export const badIds = [
  '',
  '0',
  '-1',
  '1.5',
  '1e3',
  '0x10',
  '042',
  ' 1',
  '1\n',
  '1\u0000',
  '\ud800',
  '１',
  '$ne',
  '1'.repeat(21),
]
const badPasswords = ['', '\ud800 1234567', 'x'.repeat(201)]
export const badClientIds = ['', 'a b', 'a/b', 'ä', 'a\n', '\u0000', '\ud800', '$ne{}', 'x'.repeat(65)]
const badLines = ['', 'a\nb', '\u0000', '\ud800', 'half \udc00', 'x'.repeat(101), '🙂'.repeat(101)]
const manyIds = Array.from({ length: 101 }, (_, index) => String(index + 1))
const manyMessages = Array.from({ length: 51 }, (_, index) => ({
  clientMessageId: `m${index}`,
  type: 'text',
  body: { text: '' },
}))

const byName: Readonly<Record<string, readonly unknown[]>> = {
  conversationId: badIds,
  userId: badIds,
  afterId: badIds,
  afterUserId: badIds,
  memberIds: [['1', '1'], manyIds, ...badIds.map((id) => [id])],
  userIds: [[], ['1', '1'], manyIds, ...badIds.map((id) => [id])],
  commandId: badClientIds,
  clientMessageId: badClientIds,
  deviceId: badClientIds,
  name: badLines,
  displayName: badLines,
  deviceName: badLines,
  password: badPasswords,
  oldPassword: badPasswords,
  newPassword: ['1234567', ...badPasswords],
  refreshToken: ['', 'a b', 'a/b', 'ä', 'a\n', '\u0000', '\ud800', 'x'.repeat(201)],
  cursor: ['', ' ', 'ä', '\u0000', 'x'.repeat(257)],
  type: ['', 'created', 'TEXT', '__proto__', 'toString'],
  until: [0, 1_800_000_000],
  text: ['x'.repeat(10_001), '🙂'.repeat(10_001), 'e\u0301'.repeat(5001)],
  messages: [[], manyMessages],
  have: [Object.fromEntries(Array.from({ length: 501 }, (_, index) => [String(index + 1), 1]))],
  seq: [0],
  limit: [0, 101],
  reason: ['', 'a\nb', '\u0000', '\ud800', 'x'.repeat(201)],
  fromSeq: [0],
  toSeq: [0],
  query: ['', 'a\nb', '\u0000', '\ud800', 'x'.repeat(1001)],
  perSecond: [0, 101],
  jobId: badClientIds,
  token: ['x'.repeat(4097)],
  id: ['', 'x'.repeat(65), '\ud800'],
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 40) ?? 'undefined'
}
