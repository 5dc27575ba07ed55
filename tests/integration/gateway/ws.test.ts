import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { routeKey } from '#delivery/route.ts'
import { connectEtcd } from '#infra/discovery/index.ts'
import type { Redis } from '#infra/redis/index.ts'
import { metricValue, silentLogger, stackEnv, waitFor } from '#infra/testing/index.ts'
import type { TestClient } from '#services/gateway/testing/client.ts'
import type { ScriptedLogic } from '#services/gateway/testing/scripted-logic.ts'
import { startTwoGateways, type TwoGateways } from './two-gateways.ts'

const log = silentLogger()
const base = String(Date.now())
const room = `71${base}`
const [ann, bob, carol] = [`1${base}`, `2${base}`, `3${base}`] as const
const stack = new AsyncDisposableStack()
let redis: Redis
let logic: ScriptedLogic
let gateways: TwoGateways['gateways']
let enter: TwoGateways['enter']

before(async () => {
  ;({ redis, logic, gateways, enter } = await startTwoGateways(stack, {
    base,
    conversationIds: [room],
    members: [ann, bob, carol],
  }))
})
after(() => stack.disposeAsync())

const message = (clientMessageId: string, text: string) => ({ clientMessageId, type: 'text', body: { text } })

test('example: what ann says on one gateway, bob reads on the other, in order; ann has the ack instead', async () => {
  const [a, b] = await Promise.all([enter(0, ann), enter(1, bob)])
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index} 🙂`)
  for (const [index, line] of lines.entries()) {
    a.send({ t: 'send', id: `f${index}`, conversationId: room, messages: [message(`m${index}`, line)] })
  }
  const got: unknown[] = []
  while (got.length < lines.length) got.push((await b.next('message')).body)
  assert.deepEqual(
    got,
    lines.map((text) => ({ text })),
  )
  for (const index of lines.keys()) assert.equal((await a.next('ack')).id, `f${index}`)
  assert.equal(a.received.filter(({ t }) => t === 'message').length, 0)
  assert.ok(logic.records.length < lines.length, 'frames share records')
  for (const client of [a, b]) client.ws.close()
})

test('an idle message is acked within a few tens of milliseconds', async () => {
  const a = await enter(0, ann)
  const took: number[] = []
  for (let index = 0; index < 20; index += 1) {
    const startMs = performance.now()
    a.send({ t: 'send', id: `i${index}`, conversationId: room, messages: [message(`i${index}`, 'x')] })
    await a.next('ack')
    took.push(performance.now() - startMs)
  }
  const medianMs = took.sort((x, y) => x - y)[10]!
  assert.ok(medianMs < 60, `median ${medianMs.toFixed(1)} ms`)
  a.ws.close()
})

test('a client that leaves has no route any more', async () => {
  const client = await enter(0, carol)
  await waitFor(() => redis.exists(routeKey(carol)), { what: 'a route' })
  client.ws.terminate()
  await waitFor(async () => (await redis.exists(routeKey(carol))) === 0, { what: 'the route to go' })
})

test('Redis loses the routes: within two seconds they are back, and the clients are told to sync', async () => {
  const client = await enter(1, carol)
  await redis.del(routeKey(carol), 'gochat:routes:sentinel')
  await client.next('resync')
  await logic.deliver({ t: 'typing', conversationId: room, userId: ann }, [carol])
  await client.next('typing')
  assert.ok((await metricValue(gateways[1]!.metrics, 'gochat_gateway_resyncs_total', { reason: 'redis' }))! >= 1)
  client.ws.close()
})

test('a client that does not read is closed as a slow consumer; its neighbours get everything', async () => {
  const [slow, good] = await Promise.all([enter(0, bob), enter(0, carol)])
  slow.ws.pause()
  const slowTotal = () => metricValue(gateways[0]!.metrics, 'gochat_gateway_slow_consumers_total')
  const padding = 'x'.repeat(30_000)
  let sent = 0
  for (; sent < 3000 && (await slowTotal()) !== 1; sent += 1) {
    await logic.deliver(entryFrame(sent + 1, { text: padding }), [bob, carol])
  }
  assert.equal(await slowTotal(), 1)
  await waitFor(() => good.received.filter(({ t }) => t === 'message').length === sent, {
    what: 'all at the neighbour',
  })
  slow.ws.resume()
  assert.equal(await slow.closed, 4400)
  good.ws.close()
})

test('three hundred sockets of a room all get the same frames in the same order', async () => {
  const users = Array.from({ length: 100 }, (_, index) => `4${base}${index}`)
  const clients = await Promise.all(users.flatMap((userId) => [enter(0, userId), enter(0, userId), enter(1, userId)]))
  const count = 50
  for (let seq = 1; seq <= count; seq += 1) await logic.deliver(entryFrame(seq, {}), users)
  const seqs = (client: TestClient) => client.received.flatMap((frame) => (frame.t === 'message' ? [frame.seq] : []))
  await waitFor(() => clients.every((client) => seqs(client).length === count), { what: 'all frames everywhere' })
  const expected = Array.from({ length: count }, (_, index) => index + 1)
  for (const client of clients) assert.deepEqual(seqs(client), expected)
  for (const client of clients) client.ws.close()
})

test('a stopped gateway sends its clients away with 1012 and gives its slot back; the other goes on', async () => {
  const etcd = connectEtcd({ endpoints: stackEnv().etcdEndpoints, log })
  stack.use(etcd)
  const slotsOf = async (instance: string) =>
    (await etcd.getPrefix('/gochat/slots/')).filter(({ value }) => value.includes(instance)).length
  assert.equal(await slotsOf('gateway-b'), 1)
  const [a, b] = await Promise.all([enter(0, ann), enter(1, bob)])
  await gateways[1]!.gateway[Symbol.asyncDispose]()
  await b.next('reconnect')
  assert.equal(await b.closed, 1012)
  assert.equal(await slotsOf('gateway-b'), 0)
  a.send({ t: 'send', id: 'last', conversationId: room, messages: [message('last', 'still here')] })
  assert.equal((await a.next('ack')).id, 'last')
})

function entryFrame(seq: number, body: object) {
  return { t: 'message', conversationId: room, seq, type: 'text', senderId: ann, body, createdAt: 1 }
}
