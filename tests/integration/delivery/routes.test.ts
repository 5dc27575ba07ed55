import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { memoryRoutes } from '#delivery/memory-routes.ts'
import { routeKey } from '#delivery/route.ts'
import { createRoutes, type RouteReader, type RouteWriter } from '#delivery/routes.ts'
import { connectRedis, type Redis } from '#infra/redis/index.ts'
import { silentLogger, stackEnv, testMetrics } from '#infra/testing/index.ts'

const log = silentLogger()
let redis: Redis
before(async () => {
  redis = await connectRedis({ url: stackEnv().redisUrl, log, metrics: testMetrics() })
})
after(() => redis[Symbol.asyncDispose]())

/** Ids of this run: the tests of other folders use the same Redis. */
let lastUser = Date.now() * 1000
const newUser = () => String((lastUser += 1))

const here = { slot: 901, epoch: 50 }
const there = { slot: 902, epoch: 60 }

/** What the real and the memory routes both promise. */
function contract(name: string, create: () => RouteReader & RouteWriter): void {
  test(`${name}: example: a user's sockets on two gateways are found, each with slot and epoch`, async () => {
    const routes = create()
    const [ann, bob, nobody] = [newUser(), newUser(), newUser()]
    await routes.put(
      here,
      new Map([
        [ann, [1, 2]],
        [bob, [3]],
      ]),
    )
    await routes.put(there, new Map([[ann, [1]]]))
    const found = await routes.read([ann, bob, nobody])
    assert.deepEqual(
      new Set(found?.get(ann)),
      new Set([
        { ...here, connection: 1 },
        { ...here, connection: 2 },
        { ...there, connection: 1 },
      ]),
    )
    assert.deepEqual(found?.get(bob), [{ ...here, connection: 3 }])
    assert.equal(found?.has(nobody), false)
  })

  test(`${name}: put says who had a socket missing, and sets exactly what it is given`, async () => {
    const routes = create()
    const [ann, bob] = [newUser(), newUser()]
    assert.deepEqual(
      await routes.put(
        here,
        new Map([
          [ann, [1]],
          [bob, [2]],
        ]),
      ),
      [ann, bob],
    )
    assert.deepEqual(
      await routes.put(
        here,
        new Map([
          [ann, [1]],
          [bob, [2, 3]],
        ]),
      ),
      [bob],
    )
    assert.deepEqual(
      await routes.put(
        here,
        new Map([
          [ann, []],
          [bob, [3]],
        ]),
      ),
      [],
    )
    const found = await routes.read([ann, bob])
    assert.deepEqual([...(found ?? [])], [[bob, [{ ...here, connection: 3 }]]])
  })

  test(`${name}: a slot's new epoch takes the place of its earlier ones`, async () => {
    const routes = create()
    const ann = newUser()
    await routes.put(here, new Map([[ann, [1]]]))
    await routes.put({ ...here, epoch: 51 }, new Map([[ann, [1]]]))
    assert.deepEqual((await routes.read([ann]))?.get(ann), [{ slot: 901, epoch: 51, connection: 1 }])
  })

  test(`${name}: the sentinel stays the same`, async () => {
    const routes = create()
    assert.equal(await routes.sentinel(), await routes.sentinel())
  })
}

contract('Redis', () => createRoutes({ redis, log }))
const memory = memoryRoutes()
contract('memory', () => memory)

test('entries of a gateway that died go at the next refresh by a living one, and keys expire', async () => {
  const routes = createRoutes({ redis, log })
  const ann = newUser()
  await redis.set(
    routeKey(ann),
    `903.70.5.${Math.floor(Date.now() / 1000) - 1};902.60.6.${Math.floor(Date.now() / 1000) + 30}`,
  )
  await routes.put(here, new Map([[ann, [1]]]))
  const found = (await routes.read([ann]))?.get(ann)
  assert.deepEqual(found, [
    { ...there, connection: 6 },
    { ...here, connection: 1 },
  ])
  const ttlSeconds = await redis.ttl(routeKey(ann))
  assert.ok(ttlSeconds > 50 && ttlSeconds <= 60, String(ttlSeconds))
})

test('thousands of users are written and read in chunks', async () => {
  const routes = createRoutes({ redis, log })
  const users = Array.from({ length: 2500 }, newUser)
  await routes.put(here, new Map(users.map((userId, index) => [userId, [index + 1]])))
  const found = await routes.read(users)
  assert.equal(found?.size, users.length)
  assert.equal(found.get(users.at(-1)!)?.[0]?.connection, 2500)
})

test('a Redis that cannot be read gives undefined, soon; one that cannot be written throws UNAVAILABLE', async () => {
  const gone = await connectRedis({ url: stackEnv().redisUrl, log, metrics: testMetrics() })
  const routes = createRoutes({ redis: gone, log })
  await gone[Symbol.asyncDispose]()
  const startMs = performance.now()
  assert.equal(await routes.read([newUser()]), undefined)
  assert.ok(performance.now() - startMs < 400)
  await assert.rejects(routes.put(here, new Map([[newUser(), [1]]])), { code: 'UNAVAILABLE' })
  await assert.rejects(routes.sentinel(), { code: 'UNAVAILABLE' })
})
