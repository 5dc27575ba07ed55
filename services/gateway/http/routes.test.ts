import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { registeredOnly } from './access.ts'
import { ann, bobId, conversationId, createFakeGateway, type FakeGateway } from './testing/fake-gateway.ts'
import { foreignMethod, publicRoutes, routeTable, type RouteCase } from './testing/route-table.ts'

let gateway: FakeGateway
before(async () => {
  gateway = await createFakeGateway()
})
after(() => gateway[Symbol.asyncDispose]())

const badTokens = [
  ['', 'UNAUTHENTICATED'],
  ['Bearer bad', 'UNAUTHENTICATED'],
  ['Basic YTpi', 'UNAUTHENTICATED'],
  ['Bearer', 'UNAUTHENTICATED'],
  ['Bearer good good', 'UNAUTHENTICATED'],
  ['Bearer expired', 'TOKEN_EXPIRED'],
  ['Bearer revoked', 'SESSION_REVOKED'],
] as const

test('example: a message sent by REST goes down the message path as a command of the caller', async () => {
  await using own = await createFakeGateway()
  const response = await own.injectAsAnn({
    method: 'POST',
    url: `/conversations/${conversationId}/messages`,
    payload: { clientMessageId: 'm-1', type: 'text', body: { text: 'hi' } },
  })
  assert.equal(response.statusCode, 201)
  assert.deepEqual(response.json(), { seq: 10, createdAt: 3000 })
  assert.equal(own.calls.length, 1)
  assert.equal(own.calls[0]?.request['actorId'], ann.userId)
})

for (const route of routeTable) {
  const isPublic = publicRoutes.has(`${route.method} ${route.route}`)
  describe(`${route.method} ${route.route}`, () => {
    test('takes a good request and asks logic once, as the caller', async () => {
      const { response, calls } = await ask(route, {})
      assert.equal(response.statusCode, route.status, response.body)
      assert.deepEqual(
        calls.map(({ name }) => name),
        route.call === undefined ? [] : [route.call.name],
      )
      assert.partialDeepStrictEqual(calls[0]?.request ?? {}, route.call?.request ?? {})
    })

    test('refuses other methods before it looks at the token or the body', async () => {
      const response = await gateway.inject({ method: foreignMethod(route.route), url: route.url, payload: '{broken' })
      assertFailure(response, 405, 'METHOD_NOT_ALLOWED')
      assert.match(String(response.headers['allow']), new RegExp(route.method))
    })

    if (!isPublic) {
      test('refuses every token but a good one, and asks nobody', async () => {
        for (const [authorization, code] of badTokens) {
          const { response, calls } = await ask(route, { headers: { authorization } })
          assertFailure(response, 401, code, authorization)
          assert.equal(response.headers['www-authenticate'], 'Bearer')
          assert.deepEqual(calls, [])
        }
      })
    }

    if (route.route.startsWith('/admin')) {
      test('refuses who is no admin, and asks nobody', async () => {
        const { response, calls } = await ask(route, { headers: { authorization: 'Bearer good' } })
        assertFailure(response, 403, 'FORBIDDEN')
        assert.deepEqual(calls, [])
      })
    }

    if (registeredOnly.has(`${route.method} ${route.route}`)) {
      test('refuses guests, and asks nobody', async () => {
        const { response, calls } = await ask(route, { headers: { authorization: 'Bearer guest' } })
        assertFailure(response, 403, 'FORBIDDEN')
        assert.deepEqual(calls, [])
      })
    } else if (!isPublic && !route.route.startsWith('/admin')) {
      test('takes guests', async () => {
        const { response } = await ask(route, { headers: { authorization: 'Bearer guest' } })
        assert.equal(response.statusCode, route.status, response.body)
      })
    }

    const { foreignUrl } = route
    if (foreignUrl !== undefined) {
      test('answers CONVERSATION_NOT_FOUND for a conversation of others', async () => {
        assertFailure((await ask(route, { url: foreignUrl })).response, 404, 'CONVERSATION_NOT_FOUND')
      })
    }

    test('refuses every wrong id and query field, and asks nobody', async () => {
      for (const [name, url] of badUrls(route)) {
        const { response, calls } = await ask(route, { url })
        assertFailure(response, 400, 'INVALID_ARGUMENT', name)
        assert.notDeepEqual(response.json().error.details.fields, {}, name)
        assert.deepEqual(calls, [], name)
      }
    })

    test('refuses every wrong, missing or unknown field of the body by its name, and asks nobody', async () => {
      for (const [name, payload, field] of badPayloads(route)) {
        const { response, calls } = await ask(route, { payload })
        assertFailure(response, 400, 'INVALID_ARGUMENT', name)
        const fields = Object.keys(response.json().error.details.fields)
        assert.ok(
          fields.some((path) => path.startsWith(field)),
          `${name}: ${field} is not among ${fields.join()}`,
        )
        assert.deepEqual(calls, [], name)
      }
    })

    if (route.payload !== undefined) {
      test('refuses more than 64 KiB, bytes that are no UTF-8, and what is no JSON', async () => {
        const json = { 'content-type': 'application/json' }
        const attempts = [
          [{ ...json }, `{"x":"${'a'.repeat(64 * 1024)}"}`, 413, 'PAYLOAD_TOO_LARGE'],
          [{ ...json }, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, 'INVALID_UTF8'],
          [{ ...json }, '{"a":', 400, 'INVALID_ARGUMENT'],
          [{ ...json }, '', 400, 'INVALID_ARGUMENT'],
          [{ 'content-type': 'text/plain' }, JSON.stringify(route.payload), 415, 'UNSUPPORTED_MEDIA_TYPE'],
        ] as const
        for (const [headers, payload, status, code] of attempts) {
          const { response, calls } = await ask(route, { headers, payload })
          assertFailure(response, status, code)
          assert.deepEqual(calls, [])
        }
      })
    }
  })
}

interface Change {
  readonly url?: string
  readonly headers?: Record<string, string>
  readonly payload?: string | object
}

async function ask(route: RouteCase, change: Change) {
  const seen = gateway.calls.length
  const payload = change.payload ?? route.payload
  const response = await gateway.injectAsAnn({
    method: route.method,
    url: change.url ?? route.url,
    headers: change.headers ?? {},
    ...(payload === undefined ? {} : { payload }),
  })
  return { response, calls: gateway.calls.slice(seen) }
}

function assertFailure(response: LightMyRequestResponse, status: number, code: string, what = ''): void {
  assert.equal(response.statusCode, status, `${what} ${response.body}`)
  const { error } = response.json<{ error: { code: string; traceId: string } }>()
  assert.equal(error.code, code, `${what} ${response.body}`)
  assert.equal(error.traceId, response.headers['x-request-id'])
  assert.ok(!response.body.includes('node_modules'), 'no stack reaches a client')
}

/** Every id in the path, and every field of the query, with something that it cannot be; and a field too many. */
function* badUrls({ url, method, route }: RouteCase): Generator<[name: string, url: string]> {
  const taskId = route.includes(':taskId') ? url.split('/')[3]! : undefined
  if (taskId !== undefined) {
    for (const bad of ['%00', '%20', '%F0%9F%98%80', 'a%22', '{"$ne":null}']) {
      yield [`task ${bad}`, url.replace(taskId, bad)]
    }
  }
  for (const id of [conversationId, bobId]) {
    if (taskId !== undefined || !url.split('?')[0]?.includes(id)) continue
    for (const bad of ['0', '-1', '1.5', '1e3', '123456789012345678901', '%00', '%F0%9F%98%80', '{"$ne":null}']) {
      yield [`id ${bad}`, url.replace(id, bad)]
    }
  }
  const query = url.split('?')[1]
  if (method === 'GET' && query === undefined) return
  for (const pair of query?.split('&') ?? []) {
    const [name = ''] = pair.split('=')
    const replace = (value: string) => url.replace(pair, `${name}=${value}`)
    yield [`${name} twice`, `${url}&${pair}`]
    yield [`empty ${name}`, replace('')]
    yield [`${name} with a control character`, replace('%00')]
    if (/^(limit|afterSeq|upToSeq)$/.test(name)) {
      for (const bad of ['x', '-1', '1.5', '0x10', '1e1', 'true', '99999999999']) yield [`${name}=${bad}`, replace(bad)]
    }
  }
  if (query !== undefined) yield ['an unknown query field', `${url}&unknown=1`]
}

/** Every field missing, of every wrong type, and one too many; with the field that the refusal must name. */
function* badPayloads({ payload, route }: RouteCase): Generator<[name: string, payload: object, field: string]> {
  if (payload === undefined) return
  yield ['an unknown field', { ...payload, unknown: 1 }, '/unknown']
  yield ['an array', [payload], '']
  const optional = new Set([
    'deviceId',
    'deviceName',
    'displayName',
    'afterId',
    'reason',
    'query',
    'perSecond',
    'jobId',
  ])
  for (const field of Object.keys(payload)) {
    const rest = { ...payload }
    delete rest[field]
    const isRequired = !optional.has(field) || (route === '/users/me' && field === 'displayName')
    if (isRequired) yield [`a missing ${field}`, rest, field === 'type' ? '/type' : `/${field}`]
    for (const bad of badValuesOf(payload[field])) {
      // Any character may be part of a password.
      if (/password$/i.test(field) && bad === '\u0000') continue
      // A query or an announcement may be that long.
      if ((field === 'query' || field === 'text') && typeof bad === 'string' && bad.length === 300) continue
      yield [`${field} ${JSON.stringify(bad).slice(0, 40)}`, { ...payload, [field]: bad }, `/${field}`]
    }
  }
}

function badValuesOf(good: unknown): unknown[] {
  const wrongTypes = [null, true, 1.5, -1, '', '\u0000', '\ud800', { $ne: null }, [{}], 'x'.repeat(300)]
  if (Array.isArray(good))
    return [...wrongTypes, [''], [1], [bobId, bobId], Array.from({ length: 101 }, (_, i) => `${i + 1}`)]
  if (typeof good === 'number') return [...wrongTypes, 0, 4_294_967_296]
  return typeof good === 'object' ? [...wrongTypes, { text: 5 }, { x: 1 }] : wrongTypes
}
