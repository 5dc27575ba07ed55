import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createHeardMarks, placeKey, type HeardMarks } from '#delivery/heard.ts'
import { resend } from '#delivery/resend.ts'
import { createRoutes, type Place } from '#delivery/routes.ts'
import { metricValue, silentLogger, waitFor } from '#infra/testing/index.ts'
import type { TestClient } from '#services/gateway/testing/client.ts'
import { startTwoGateways, type TwoGateways } from './two-gateways.ts'

const base = String(Date.now())
const room = `72${base}`
const stack = new AsyncDisposableStack()
let two: TwoGateways
let marks: HeardMarks

before(async () => {
  two = await startTwoGateways(stack, { base, conversationIds: [], members: [] })
  marks = createHeardMarks(two)
})
after(() => stack.disposeAsync())

const seqsOf = ({ received }: TestClient) => received.flatMap((frame) => (frame.t === 'message' ? [frame.seq] : []))
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('one record per gateway reaches exactly the members, through joins and kicks, each in order; what was heard is in Redis', async () => {
  const { logic, members, enter } = two
  const users = Array.from({ length: 40 }, (_, index) => `5${base}${index}`)
  const [late, kicked, stranger] = [`6${base}`, users[7]!, `7${base}`]
  let version = 0
  for (const userId of users) version = members.join(room, userId, 0)
  const clients = new Map<string, TestClient[]>()
  for (const userId of [...users, late, stranger]) {
    clients.set(userId, await Promise.all([enter(0, userId), enter(1, userId)]))
  }
  for (let seq = 1; seq <= 300; seq += 1) {
    const before = version
    if (seq === 100) version = members.join(room, late, 99)
    if (seq === 200) version = members.leave(room, kicked, 200)
    // A batch of its own, or together with the entry before it.
    const entry = { conversationId: room, seq, memberVersion: version }
    if (seq % 50 === 0) await logic.deliverLarge({ ...entry, seq: seq - 1, memberVersion: before }, entry)
    else if (seq % 50 !== 49) await logic.deliverLarge(entry)
  }
  const expected = (userId: string) =>
    userId === stranger ? [] : userId === late ? range(100, 300) : range(1, userId === kicked ? 200 : 300)
  const isComplete = () =>
    [...clients].every(([userId, all]) => all.every((client) => seqsOf(client).length >= expected(userId).length))
  await waitFor(isComplete, { what: 'all entries', timeoutMs: 20_000 })
  for (const [userId, all] of clients) for (const client of all) assert.deepEqual(seqsOf(client), expected(userId))
  for (const { metrics } of two.gateways) {
    assert.equal(await metricValue(metrics, 'gochat_gateway_audiences'), 1)
    assert.equal(await metricValue(metrics, 'gochat_gateway_audience_parked'), 0)
  }
  await waitFor(
    async () => [...(await marks.read(room)).values()].filter(({ upToSeq }) => upToSeq === 300).length === 2,
    { what: 'both marks' },
  )
  assert.deepEqual(
    [...(await marks.read(room)).values()],
    [
      { fromSeq: 1, upToSeq: 300 },
      { fromSeq: 1, upToSeq: 300 },
    ],
  )
  for (const client of [...clients.values()].flat()) client.ws.close()
})

test('a range that is sent again reaches who has not heard it, and nobody twice', async () => {
  const { bus, redis, logic, members, enter } = two
  const [conversationId, user] = [`73${base}`, `8${base}`]
  const memberVersion = members.join(conversationId, user, 0)
  const entry = (seq: number) => ({ conversationId, seq, memberVersion })
  const [a, b] = [await enter(0, user), await enter(1, user)]
  const routes = (await createRoutes({ redis, log: silentLogger() }).read([user]))?.get(user) ?? []
  assert.equal(routes.length, 2)
  const producer = await bus.producer()
  const entries = range(1, 5).map((seq) => ({
    payload: Buffer.from(
      JSON.stringify({ t: 'message', conversationId, seq, type: 'text', senderId: '1', body: {}, createdAt: 1 }),
    ),
    audience: entry(seq),
  }))
  await resend(producer, routes.slice(0, 1), entries)
  await logic.deliverLarge(entry(6))
  await resend(producer, routes, entries)
  await logic.deliverLarge(entry(7))
  await waitFor(() => [a, b].every((client) => seqsOf(client).includes(7)), { what: 'the last entry' })
  const seqs = [seqsOf(a), seqsOf(b)].sort((x, y) => x[0]! - y[0]!)
  assert.deepEqual(seqs, [
    [1, 2, 3, 4, 5, 6, 7],
    [6, 1, 2, 3, 4, 5, 7],
  ])
  const heardBy = async (route: Place) => (await marks.read(conversationId)).get(placeKey(route))
  for (const route of routes) await waitFor(async () => (await heardBy(route))?.upToSeq === 7, { what: 'both marks' })
  assert.deepEqual(await heardBy(routes[0]!), { fromSeq: 1, upToSeq: 7 })
  for (const client of [a, b]) client.ws.close()
})
