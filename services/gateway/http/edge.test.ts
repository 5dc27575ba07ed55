import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '#infra/errors/index.ts'
import { metricValue, recordingLogger } from '#infra/testing/index.ts'
import { bobId, conversationId, createFakeGateway } from './testing/fake-gateway.ts'

const messages = `/conversations/${conversationId}/messages`
const message = { clientMessageId: 'm-1', type: 'text', body: { text: 'hi' } }

test('content types that fooled Fastify are either the JSON that is validated or refused: never a way around the schema', async () => {
  await using gateway = await createFakeGateway()
  const tricks = [
    ' application/json',
    'application/json ',
    'application/json\t;x',
    'application/json garbage',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/json,text/plain',
    'application/jsonx',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/vnd.api+json',
    'garbage',
    '',
    ';',
    '\tapplication/json',
  ]
  for (const type of tricks) {
    const payload = JSON.stringify({ ...message, unknown: 1 })
    const response = await gateway.injectAsAnn({
      method: 'POST',
      url: messages,
      headers: { 'content-type': type },
      payload,
    })
    assert.ok([400, 415].includes(response.statusCode), `${JSON.stringify(type)} gave ${response.statusCode}`)
  }
  assert.deepEqual(gateway.calls, [])
})

test('a POST without a body is told which field it lacks', async () => {
  await using gateway = await createFakeGateway()
  const response = await gateway.injectAsAnn({ method: 'POST', url: '/groups' })
  assert.equal(response.statusCode, 400)
  assert.equal(response.json().error.code, 'INVALID_ARGUMENT')
})

test('a body that would poison a prototype, nests too deep or holds 1e400 is refused before it reaches anybody', async () => {
  await using gateway = await createFakeGateway()
  const bodies = [
    '{"__proto__":{"x":1}}',
    '{"a":{"__proto__":null}}',
    '{"constructor":{"prototype":{"x":1}}}',
    `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    '{"a":1e400}',
  ]
  for (const body of bodies) {
    const payload = `{"clientMessageId":"m-1","type":"custom","body":${body}}`
    const headers = { 'content-type': 'application/json' }
    const response = await gateway.injectAsAnn({ method: 'POST', url: messages, headers, payload })
    assert.equal(response.statusCode, 400, body.slice(0, 40))
    assert.equal(response.json().error.code, 'INVALID_ARGUMENT')
  }
  assert.deepEqual(gateway.calls, [])
})

test('what a custom body holds arrives as it was sent, also half surrogates, NUL and names of prototypes', async () => {
  await using gateway = await createFakeGateway()
  const body = { toString: 1, text: '\ud800 \u0000 \u2028 😀', nested: { constructor: 'c', list: [null, 1.5, true] } }
  const response = await gateway.injectAsAnn({
    method: 'POST',
    url: messages,
    payload: { clientMessageId: 'm-1', type: 'custom', body },
  })
  assert.equal(response.statusCode, 201)
  const sent = gateway.calls[0]?.request['body'] as { value: { body: Uint8Array } }
  assert.deepEqual(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(sent.value.body)), body)
})

test('a duplicate send is 200 with the first answer and says so', async () => {
  await using gateway = await createFakeGateway({ result: { seq: 7, createdAt: 1000, duplicate: true } })
  const response = await gateway.injectAsAnn({ method: 'POST', url: messages, payload: message })
  assert.equal(response.statusCode, 200)
  assert.deepEqual(response.json(), { seq: 7, createdAt: 1000, duplicate: true })
})

test('opening what is there already is 200', async () => {
  await using gateway = await createFakeGateway({
    answers: { openDirect: { created: false }, openGroup: { created: false } },
  })
  const direct = { commandId: 'c-1', userId: bobId }
  const group = { commandId: 'c-1', name: 'team', memberIds: [] }
  assert.equal(
    (await gateway.injectAsAnn({ method: 'POST', url: '/conversations/direct', payload: direct })).statusCode,
    200,
  )
  assert.equal((await gateway.injectAsAnn({ method: 'POST', url: '/groups', payload: group })).statusCode, 200)
})

test('a refusal of the message path keeps its name, its status, its advice and its details', async () => {
  const error = {
    code: 'RATE_LIMITED',
    message: 'slowly',
    retryable: true,
    retryAfterMs: 2500,
    details: { a: 1 },
  } as const
  await using gateway = await createFakeGateway({ result: { error } })
  const response = await gateway.injectAsAnn({ method: 'POST', url: messages, payload: message })
  assert.equal(response.statusCode, 429)
  assert.equal(response.headers['retry-after'], '3')
  assert.partialDeepStrictEqual(response.json(), { error })
})

for (const code of ['ACK_TIMEOUT', 'OVERLOADED', 'UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const) {
  test(`${code} tells when to come back`, async () => {
    await using gateway = await createFakeGateway({ result: new AppError(code), failWith: new AppError(code) })
    const command = { method: 'POST', url: messages, payload: message } as const
    const query = { method: 'GET', url: '/users/me' } as const
    for (const request of code === 'ACK_TIMEOUT' ? [command] : [command, query]) {
      const response = await gateway.injectAsAnn(request)
      assert.equal(response.json().error.code, code)
      assert.equal(response.json().error.retryable, true)
      assert.match(String(response.headers['retry-after']), /^[1-9]/)
    }
  })
}

test('an error that nobody expected is INTERNAL: its message stays in the log', async () => {
  const { log, lines } = recordingLogger()
  await using gateway = await createFakeGateway({ result: new Error('table users is broken'), log })
  const response = await gateway.injectAsAnn({ method: 'POST', url: messages, payload: message })
  assert.equal(response.statusCode, 500)
  assert.equal(response.json().error.code, 'INTERNAL')
  assert.ok(!response.body.includes('users'))
  assert.match(JSON.stringify(lines), /table users is broken/)
})

test('an unknown path is NOT_FOUND; a path that is no URL, or an id of 10 000 digits, is refused and nothing breaks', async () => {
  await using gateway = await createFakeGateway()
  const paths = [
    ['/nope', 404, 'NOT_FOUND'],
    ['/users/me/x', 404, 'NOT_FOUND'],
    ['/Users/me', 404, 'NOT_FOUND'],
    ['/users/me/', 404, 'NOT_FOUND'],
    ['/%zz', 400, 'INVALID_ARGUMENT'],
    [`/users/${'1'.repeat(10_000)}`, 400, 'INVALID_ARGUMENT'],
    [`/users/${'1'.repeat(50)}`, 400, 'INVALID_ARGUMENT'],
  ] as const
  for (const [url, status, code] of paths) {
    const response = await gateway.injectAsAnn({ method: 'GET', url })
    assert.equal(response.statusCode, status, url.slice(0, 40))
    assert.equal(response.json().error.code, code)
    assert.notEqual(response.headers['x-request-id'], undefined)
  }
})

test('each request has one log line, with its route, user and code, and nothing that the client wrote', async () => {
  const { log, lines } = recordingLogger()
  await using gateway = await createFakeGateway({ log })
  lines.length = 0
  const secret = 'VERYSECRET'
  await gateway.injectAsAnn({ method: 'POST', url: messages, payload: { ...message, body: { text: secret } } })
  await gateway.inject({ method: 'GET', url: `/${secret}?token=${secret}` })
  await gateway.injectAsAnn({ method: 'GET', url: `/users?name=${secret}` })
  await gateway.inject({ method: 'GET', url: '/users/me', headers: { authorization: `Bearer ${secret}` } })
  await gateway.inject({ method: 'POST', url: '/auth/login', payload: { name: secret, password: secret, [secret]: 1 } })
  await gateway.inject({
    method: 'POST',
    url: '/auth/login',
    headers: { 'content-type': 'application/json' },
    payload: `{"${secret}`,
  })
  assert.ok(!JSON.stringify(lines).includes(secret), JSON.stringify(lines))
  assert.deepEqual(
    lines.map(({ method, route, status, code, userId }) => [method, route, status, code, userId !== undefined]),
    [
      ['POST', '/conversations/:conversationId/messages', 201, undefined, true],
      ['GET', 'none', 404, 'NOT_FOUND', false],
      ['GET', '/users', 200, undefined, true],
      ['GET', '/users/me', 401, 'UNAUTHENTICATED', false],
      ['POST', '/auth/login', 400, 'INVALID_ARGUMENT', false],
      ['POST', '/auth/login', 400, 'INVALID_ARGUMENT', false],
    ],
  )
})

test('requests are measured by method, route and status', async () => {
  await using gateway = await createFakeGateway()
  await gateway.injectAsAnn({ method: 'GET', url: `/users/${bobId}` })
  const labels = { method: 'GET', route: '/users/:userId', status: '200' }
  assert.equal(await metricValue(gateway.deps.metrics, 'gochat_gateway_http_requests_total', labels), 1)
  const { status: _, ...timed } = labels
  assert.equal(await metricValue(gateway.deps.metrics, 'gochat_gateway_http_request_seconds_count', timed), 1)
})

test('the 51st request of a second is RATE_LIMITED, says when to come back, and asks nobody', async () => {
  await using gateway = await createFakeGateway({ profile: 'standard' })
  const responses = []
  for (let i = 0; i < 51; i += 1) responses.push(await gateway.injectAsAnn({ method: 'GET', url: '/users/me' }))
  const last = responses.at(-1)
  assert.equal(last?.statusCode, 429)
  assert.equal(last?.json().error.code, 'RATE_LIMITED')
  assert.match(String(last?.headers['retry-after']), /^[12]$/)
  assert.equal(last?.headers['ratelimit-remaining'], '0')
  assert.equal(responses[0]?.headers['ratelimit-limit'], '50')
  assert.equal(responses[0]?.headers['ratelimit-remaining'], '49')
  assert.equal(gateway.calls.length, 50)
})

test('sends count per user and logins per name, before anything is asked', async () => {
  await using gateway = await createFakeGateway({ profile: 'standard' })
  const sends = []
  for (let i = 0; i < 11; i += 1)
    sends.push(await gateway.injectAsAnn({ method: 'POST', url: messages, payload: message }))
  assert.deepEqual(
    sends.map(({ statusCode }) => statusCode),
    [...Array.from({ length: 10 }, () => 201), 429],
  )
  const payload = { name: 'ann', password: 'wrong horse' }
  const logins = []
  for (let i = 0; i < 11; i += 1) logins.push(await gateway.inject({ method: 'POST', url: '/auth/login', payload }))
  assert.equal(logins.at(-1)?.statusCode, 429)
  assert.equal(gateway.calls.length, 20)
})

test('pages of allowed origins may read answers; from any other nothing is taken, preflight or not', async () => {
  await using gateway = await createFakeGateway()
  const good = { origin: 'https://chat.example.com' }
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
  const allowed = await gateway.inject({ method: 'OPTIONS', url: '/groups', headers: { ...good, ...preflight } })
  assert.equal(allowed.statusCode, 204)
  assert.equal(allowed.headers['access-control-allow-origin'], good.origin)
  assert.match(String(allowed.headers['access-control-allow-headers']), /authorization/)
  assert.equal(allowed.headers['access-control-allow-credentials'], undefined)
  const read = await gateway.injectAsAnn({ method: 'GET', url: '/users/me', headers: good })
  assert.equal(read.headers['access-control-allow-origin'], good.origin)

  for (const origin of ['https://evil.example', 'null', 'https://chat.example.com.evil.example']) {
    for (const method of ['OPTIONS', 'GET'] as const) {
      const refused = await gateway.injectAsAnn({ method, url: '/users/me', headers: { origin, ...preflight } })
      assert.equal(refused.statusCode, 403, `${method} ${origin}`)
      assert.equal(refused.json().error.code, 'ORIGIN_NOT_ALLOWED')
      assert.equal(refused.headers['access-control-allow-origin'], undefined)
    }
  }
  assert.equal(gateway.calls.length, 1)
})

test('answers are not cached, not sniffed, not framed', async () => {
  await using gateway = await createFakeGateway()
  const { headers } = await gateway.injectAsAnn({ method: 'GET', url: '/users/me' })
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
})

test('the page of the documentation and its scripts come from here alone', async () => {
  await using gateway = await createFakeGateway()
  const page = await gateway.inject({ method: 'GET', url: '/docs' })
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-security-policy']), /script-src 'self';/)
  for (const [, src = ''] of page.body.matchAll(/src="([^"]+)"/g)) {
    assert.match(src, /^\/docs\//)
    const script = await gateway.inject({ method: 'GET', url: src })
    assert.equal(script.statusCode, 200)
    assert.match(String(script.headers['content-type']), /javascript/)
  }
  assert.ok(!page.body.includes('://'))
})

test('a hook of REST does not run for what else the app serves', async () => {
  await using gateway = await createFakeGateway({ before: (app) => void app.get('/other', async () => 'other') })
  const response = await gateway.app.inject({
    method: 'GET',
    url: '/other',
    headers: { origin: 'https://evil.example' },
  })
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers['x-request-id'], undefined)
})
