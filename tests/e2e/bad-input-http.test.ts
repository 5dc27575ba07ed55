import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { requestRows, type Row } from '../support/bad-input/request-rows.ts'
import { createRest, type Answer, type Ask } from '../support/bad-input/rest.ts'
import { goodRequests, readOperations, urlOf, type GoodRequest, type Operation } from '../support/bad-input/routes.ts'
import { createStage, unknownId } from '../support/bad-input/stage.ts'
import { badTokens } from '../support/bad-input/tokens.ts'
import { watch } from '../support/bad-input/watch.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const stage = await createStage(system)
const { ann } = stage
const rest = createRest(system.gateways[0]!.httpUrl)
const operations = await readOperations(rest)
const requests = goodRequests(stage)
const tokens = await badTokens(ann.id, ann.token, process.env['GOCHAT_ACCESS_TOKEN_SECRET']!)
const health = await watch(system)
const before = await stage.snapshot()

const invalid = { status: 400, code: 'INVALID_ARGUMENT' }

test('every route of /openapi.json has its rows here, and only those', () => {
  assert.deepEqual(Object.keys(requests).toSorted(), operations.map(({ key }) => key).toSorted())
})

for (const operation of operations) {
  const good = requests[operation.key]
  if (good === undefined) continue
  describe(operation.key, () => {
    for (const [name, rowsOf] of Object.entries(requestRows)) {
      const rows = [...rowsOf({ operation, good, stage, tokens })]
      if (rows.length > 0) test(`${name} is refused by name (${rows.length} rows)`, () => judge(operation, good, rows))
    }
  })
}

describe('outside of any route', () => {
  const rows: (Row & { ask: Ask })[] = [
    { what: 'an unknown path', ask: { method: 'GET', path: '/nothing' }, status: 404, code: 'NOT_FOUND' },
    { what: 'a path that goes up', ask: { method: 'GET', path: '/../../etc/passwd' }, status: 404, code: 'NOT_FOUND' },
    { what: 'a path that is no UTF-8', ask: { method: 'GET', path: '/users/%ff' }, ...invalid },
    { what: 'a path with half a percent', ask: { method: 'GET', path: '/users/%' }, ...invalid },
    {
      what: 'a very long id',
      ask: { method: 'GET', path: `/users/${'1'.repeat(5000)}` },
      ...invalid,
    },
    { what: 'a very long path', ask: { method: 'GET', path: `/${'x'.repeat(20_000)}` }, ...invalid },
    {
      what: 'a very large head',
      ask: { method: 'GET', path: '/limits', headers: { x: 'x'.repeat(20_000) } },
      ...invalid,
    },
    { what: 'the WebSocket without an upgrade', ask: { method: 'GET', path: '/ws' }, status: 404, code: 'NOT_FOUND' },
    { what: 'the WebSocket by POST', ask: { method: 'POST', path: '/ws' }, status: 404, code: 'NOT_FOUND' },
  ]
  for (const { what, ask, status, code } of rows) {
    test(`${what} is ${code}`, async () => {
      const answer = await rest.ask({ ...ask, token: ann.token })
      assert.deepEqual(verdict(answer, { what, status, code }), undefined)
    })
  }
})

test('sync says nothing about conversations of others, whatever it is told to have', async () => {
  const sync = async (have: object, afterId?: string) =>
    (await rest.ask({ method: 'POST', path: '/sync', token: ann.token, body: { have, afterId } })).body
  const { group, direct } = stage.foreign
  const known = await sync({})
  assert.equal((known as { conversations: object[] }).conversations.length, 5)
  assert.deepEqual(await sync({ [group]: 0, [direct]: 4, [unknownId]: 7 }), known)
  const after = JSON.stringify(await sync({}, group))
  assert.ok(!after.includes(group) && !after.includes(direct))
})

test('what is just within the limits is taken', async () => {
  const face = '🙂'
  const account = {
    name: face.repeat(91) + randomUUID().slice(0, 9),
    password: face.repeat(200),
    displayName: face.repeat(100),
    deviceId: 'd'.repeat(64),
  }
  const registered = await rest.ask({ method: 'POST', path: '/auth/register', body: account })
  assert.equal(registered.status, 201, JSON.stringify(registered.body))
  const { name, password } = account
  assert.equal((await rest.ask({ method: 'POST', path: '/auth/login', body: { name, password } })).status, 200)
  const found = await rest.ask({ method: 'GET', path: `/users?name=${encodeURIComponent(name)}`, token: ann.token })
  assert.partialDeepStrictEqual(found.body, { name, displayName: account.displayName })
})

test('none of it changed anything, killed anything, or met an error on our side', async () => {
  assert.deepEqual(await stage.snapshot(), before)
  await health.assertWell([rest, stage.rest])
})

test('the requests that the bad ones were made of are good', async () => {
  for (const operation of operations) {
    const good = requests[operation.key]!
    const { status, body } = await rest.ask(askOf(operation, good))
    assert.equal(status, good.status, `${operation.key}: ${JSON.stringify(body)}`)
  }
  assert.notDeepEqual(await stage.snapshot(), before, 'a snapshot must see a change')
})

function askOf(operation: Operation, good: Omit<GoodRequest, 'status'>): Ask {
  return { method: operation.method, path: urlOf(operation, good), token: good.token ?? ann.token, body: good.body }
}

async function judge(operation: Operation, good: GoodRequest, rows: readonly Row[]): Promise<void> {
  const wrong: string[] = []
  for (const row of rows) {
    const answer = await rest.ask({ ...askOf(operation, good), ...row.ask })
    const problem = verdict(answer, row)
    if (problem !== undefined) wrong.push(`${row.what}: ${problem}`)
  }
  assert.deepEqual(wrong, [])
}

/** What is wrong with an answer, or nothing. */
function verdict({ status, headers, body }: Answer, row: Omit<Row, 'ask'>): string | undefined {
  const shown = `${status} ${JSON.stringify(body).slice(0, 300)}`
  if (status !== row.status) return `not ${row.status} ${row.code} but ${shown}`
  const { error } = body as { error?: Record<string, unknown> }
  if (error?.['code'] !== row.code) return `not ${row.code} but ${shown}`
  if (error['retryable'] !== false) return `retryable: ${shown}`
  if (headers['content-type'] !== 'application/json; charset=utf-8') return `of type ${String(headers['content-type'])}`
  if (row.field === undefined) return undefined
  const { fields = {} } = (error['details'] ?? {}) as { fields?: Record<string, string> }
  return Object.keys(fields).some((field) => field.startsWith(row.field!))
    ? undefined
    : `${row.field} is not named: ${shown}`
}
