import assert from 'node:assert/strict'
import { badClientIds, badIds, badInputs } from './bad-values.ts'
import type { Ask } from './rest.ts'
import { urlOf, type GoodRequest, type Operation } from './routes.ts'
import { tooLargeId, unknownId, type Stage } from './stage.ts'
import type { BadToken } from './tokens.ts'

/** A request that must be refused, and how. */
export interface Row {
  readonly what: string
  readonly ask: Partial<Ask>
  readonly status: number
  readonly code: string
  /** Of the body, or a name of the query or the path; among those that the refusal names. */
  readonly field?: string
}
/** A route, and a good request for it that is to be spoiled. */
export interface Case {
  readonly operation: Operation
  readonly good: GoodRequest
  readonly stage: Stage
  readonly tokens: readonly BadToken[]
}

/** By what is wrong with them. */
export const requestRows: Readonly<Record<string, (from: Case) => Iterable<Row>>> = {
  'an unknown, missing or wrong field of the body': bodyRows,
  'a body that is too large, no JSON, no UTF-8 or of another type': rawBodyRows,
  'a wrong query': queryRows,
  'a wrong id in the path': pathRows,
  'a conversation of others, or of nobody': foreignRows,
  'bad credentials, a wrong origin or method': edgeRows,
  'what names something wrong': refusedRows,
}

const invalid = { status: 400, code: 'INVALID_ARGUMENT' }
const unauthenticated = { status: 401, code: 'UNAUTHENTICATED' }
const notFound = { status: 404, code: 'CONVERSATION_NOT_FOUND' }

function* bodyRows({ operation: { body: schema }, good: { body } }: Case): Generator<Row> {
  if (schema === undefined || body === undefined) {
    yield { what: 'a body that nobody asked for', ask: { body: { unknown: 1 } }, ...invalid }
    return
  }
  for (const bad of badInputs(schema, body)) {
    yield { what: bad.what, ask: { body: bad.value }, ...invalid, field: bad.field }
  }
  for (const whole of [[body], [], 'x', 7, null, true]) {
    yield {
      what: `the body is ${JSON.stringify(whole).slice(0, 20)}`,
      ask: { body: JSON.stringify(whole) },
      ...invalid,
    }
  }
}

function* rawBodyRows({ operation: { body: schema, method }, good: { body } }: Case): Generator<Row> {
  if (method === 'GET') return
  const tooLarge = `{"x":"${'a'.repeat(64 * 1024)}"}`
  yield { what: 'too large', ask: { body: tooLarge }, status: 413, code: 'PAYLOAD_TOO_LARGE' }
  yield { what: 'no UTF-8', ask: { body: Buffer.from('7b2278223a22ff227d', 'hex') }, status: 400, code: 'INVALID_UTF8' }
  for (const text of [
    '{"a":',
    '{broken',
    'undefined',
    "{'a':1}",
    '{"a":1,}',
    '{"a":NaN}',
    '\u0000',
    '{}{}',
    '\ufeff{}x',
  ]) {
    yield { what: `no JSON: ${text}`, ask: { body: text }, ...invalid }
  }
  if (schema === undefined || body === undefined) return
  const json = JSON.stringify(body)
  yield { what: 'empty', ask: { body: '' }, ...invalid }
  yield { what: 'none', ask: { body: undefined }, ...invalid }
  yield { what: 'a __proto__', ask: { body: `{"__proto__":{"x":1},${json.slice(1)}` }, ...invalid }
  yield { what: 'a hidden __proto__', ask: { body: `{"\\u005f_proto__":{"x":1},${json.slice(1)}` }, ...invalid }
  yield { what: 'a constructor', ask: { body: `{"constructor":{"prototype":{}},${json.slice(1)}` }, ...invalid }
  yield { what: 'a number beyond all', ask: { body: `{"x":1e400,${json.slice(1)}` }, ...invalid }
  yield {
    what: 'deep nesting',
    ask: { body: `{"x":${'['.repeat(30_000)}${']'.repeat(30_000)},${json.slice(1)}` },
    ...invalid,
  }
  for (const type of [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'json',
  ]) {
    const ask = { body: json, headers: { 'content-type': type } }
    yield { what: `called ${type}`, ask, status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' }
  }
}

/** By the type or the name of a query field, as they stand in the URL. */
const badTexts: Readonly<Record<string, readonly string[]>> = {
  integer: [
    '',
    'x',
    '-1',
    '1.5',
    '0x10',
    '1e1',
    'true',
    'null',
    '%201',
    '1%20',
    '%EF%BC%91',
    '99999999999',
    '1'.repeat(400),
  ],
  name: ['', '%00', '%0a', 'x'.repeat(101)],
  commandId: ['', 'a%20b', '%00', 'x'.repeat(65)],
  cursor: ['', '%20', '%00', '%C3%A4', 'x'.repeat(2049)],
  afterUserId: badIds.filter((id) => id.isWellFormed()).map(encodeURIComponent),
  conversationId: badIds.filter((id) => id.isWellFormed()).map(encodeURIComponent),
  kind: ['', '%00', 'a%20b', "'", 'x'.repeat(33)],
  state: ['', '%00', 'a%20b', "'", 'x'.repeat(33)],
  hasClosed: ['', '1', 'yes', 'TRUE', 'null'],
}

function* queryRows({ operation, good }: Case): Generator<Row> {
  const path = urlOf(operation, { params: good.params ?? {} })
  const others = (name: string) =>
    Object.entries(good.query ?? {}).flatMap(([other, value]) =>
      other === name ? [] : [`&${other}=${encodeURIComponent(value)}`],
    )
  const all = others('').join('')
  for (const unknown of ['unknown=1', 'token=x', '__proto__=1', 'limit[$ne]=1']) {
    yield { what: `?${unknown}`, ask: { path: `${path}?${unknown}${all}` }, ...invalid }
  }
  for (const { name, required, schema } of operation.query) {
    const rest = others(name).join('')
    const row = (query: string): Row => ({
      what: `?${query.slice(0, 40)}`,
      ask: { path: `${path}?${query}${rest}` },
      ...invalid,
      field: `/${name}`,
    })
    const texts = schema.type === 'integer' ? badTexts['integer']! : badTexts[name]
    assert.ok(texts, `no bad values are known for ${name}`)
    for (const text of [...texts, ...(name === 'limit' ? ['0', '101'] : [])]) yield row(`${name}=${text}`)
    yield row(`${name}=1&${name}=2`)
    if (required) yield { ...row(''), what: `no ${name}` }
  }
}

const badTaskIds = [' ', 'a b', '\u0000', 'ä', '"', "' OR 1=1", '{"$ne":null}']

/** Of ids that are no numbers. */
const badIdsOf: Readonly<Record<string, readonly string[]>> = { taskId: badTaskIds, deviceId: badClientIds }

function* pathRows({ operation, good }: Case): Generator<Row> {
  for (const { name } of operation.params) {
    for (const id of badIdsOf[name] ?? badIds) {
      // An empty part is another path; half a surrogate pair cannot be written in one.
      if (id === '' || !id.isWellFormed()) continue
      const path = urlOf(operation, { ...good, params: { ...good.params, [name]: id } })
      yield { what: `${name} ${JSON.stringify(id)}`, ask: { path }, ...invalid, field: `/${name}` }
    }
    if (name in badIdsOf) continue
    const path = urlOf(operation, { ...good, params: { ...good.params, [name]: tooLargeId } })
    yield { what: `${name} of more than 64 bits`, ask: { path }, ...invalid }
  }
}

function* foreignRows({ operation, good, stage }: Case): Generator<Row> {
  if (good.params?.['conversationId'] === undefined) return
  const { group, direct } = stage.foreign
  for (const conversationId of [group, direct, unknownId, stage.ann.id]) {
    const path = urlOf(operation, { ...good, params: { ...good.params, conversationId } })
    yield { what: conversationId, ask: { path }, ...notFound }
  }
}

function* edgeRows({ operation, good, stage: { ann, bob }, tokens }: Case): Generator<Row> {
  const { isProtected } = operation
  // No path has both.
  const method = /\/(?:name|announcement|join-mode|mute|role)$/.test(operation.path) ? 'PATCH' : 'PUT'
  yield { what: method, ask: { method, body: '{broken' }, status: 405, code: 'METHOD_NOT_ALLOWED' }
  for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', 'file://']) {
    yield { what: `from ${origin}`, ask: { headers: { origin } }, status: 403, code: 'ORIGIN_NOT_ALLOWED' }
  }
  if (!isProtected) return
  if (operation.path.startsWith('/admin')) {
    yield { what: 'who is no admin', ask: { token: bob.token }, status: 403, code: 'FORBIDDEN' }
  }
  yield { what: 'no token', ask: { token: undefined }, ...unauthenticated }
  for (const authorization of ['', 'Bearer', 'Bearer ', `Basic ${btoa('ann:x')}`, `Bearer ${ann.token} x`, ann.token]) {
    yield {
      what: authorization.slice(0, 12),
      ask: { token: undefined, headers: { authorization } },
      ...unauthenticated,
    }
  }
  const [path, query = ''] = urlOf(operation, good).split('?')
  const inUrl = `${path}?${query}${query === '' ? '' : '&'}access_token=${ann.token}`
  yield { what: 'a good token in the URL', ask: { token: undefined, path: inUrl }, ...unauthenticated }
  for (const { what, token, code } of tokens) yield { what, ask: { token }, status: 401, code }
}

function* refusedRows({ operation, good }: Case): Generator<Row> {
  for (const { what, params, query, body, status, code } of good.refused ?? []) {
    const path = urlOf(operation, { params: { ...good.params, ...params }, query: { ...good.query, ...query } })
    yield { what, ask: { path, body: good.body && { ...good.body, ...body } }, status, code }
  }
  if (good.body === undefined) return
  for (const [field, value] of Object.entries(good.body)) {
    const large = Array.isArray(value) ? [tooLargeId] : /^(?:userId|afterId)$/.test(field) ? tooLargeId : undefined
    if (large === undefined) continue
    yield { what: `${field} of more than 64 bits`, ask: { body: { ...good.body, [field]: large } }, ...invalid }
  }
}
