import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRoutes } from '#delivery/memory-routes.ts'
import { silentLogger } from '#infra/testing/index.ts'
import { fakeSocket, testHub } from '../testing/fake-socket.ts'
import { createPresence } from './presence.ts'

function setUp() {
  const { hub } = testHub()
  const inner = memoryRoutes()
  const writes: string[][] = []
  const routes = {
    ...inner,
    put: (place: { slot: number; epoch: number }, users: ReadonlyMap<string, readonly number[]>) => {
      writes.push([...users.keys()])
      return inner.put(place, users)
    },
  }
  const told: string[] = []
  const place = { slot: 3, epoch: 50 }
  const presence = createPresence({
    routes,
    hub,
    place: () => ({ ...place }),
    onMissing: (userIds) => void told.push(...userIds),
    onRedisLost: () => void told.push('everybody'),
    log: silentLogger(),
  })
  const enter = (userId: string) => {
    const connection = hub.open(fakeSocket(), '127.0.0.1')
    connection.identity = { userId, deviceId: 'd', sessionId: '8', isAdmin: false, isGuest: false, expiresAtMs: 0 }
    hub.join(connection)
    return connection
  }
  const routesOf = async (userId: string) =>
    (await inner.read([userId]))?.get(userId)?.map(({ slot, epoch, connection }) => `${slot}.${epoch}.${connection}`) ??
    []
  return { hub, inner, writes, told, place, presence, enter, routesOf }
}

test('example: a user is found while it has a socket here, and no longer', async () => {
  const { hub, presence, enter, routesOf } = setUp()
  const [phone, laptop] = [enter('ann'), enter('ann')]
  await presence.update('ann')
  assert.deepEqual(await routesOf('ann'), [`3.50.${phone.number}`, `3.50.${laptop.number}`])
  hub.close(phone)
  hub.close(laptop)
  await presence.update('ann')
  assert.deepEqual(await routesOf('ann'), [])
})

test('a storm of comings becomes a few writes, and each waits for its own', async () => {
  const { writes, presence, enter, routesOf } = setUp()
  const userIds = Array.from({ length: 450 }, (_, index) => String(index + 1))
  await Promise.all(
    userIds.map(async (userId) => {
      enter(userId)
      await presence.update(userId)
      assert.equal((await routesOf(userId)).length, 1)
    }),
  )
  assert.deepEqual(
    writes.map((users) => users.length),
    [1, 200, 200, 49],
  )
})

test('of a coming and a going at the same time the newer state is what stays', async () => {
  const { hub, presence, enter, routesOf } = setUp()
  const connection = enter('ann')
  const coming = presence.update('ann')
  hub.close(connection)
  await Promise.all([coming, presence.update('ann')])
  assert.deepEqual(await routesOf('ann'), [])
})

test('what could not be written is written later, and the user told to sync', async () => {
  const { inner, told, presence, enter, routesOf } = setUp()
  inner.setReachable(false)
  enter('ann')
  await presence.update('ann')
  await presence.tick()
  assert.deepEqual([await routesOf('ann'), told], [[], []])
  inner.setReachable(true)
  await presence.tick()
  assert.deepEqual([(await routesOf('ann')).length, told], [1, ['ann']])
  await presence.tick()
  assert.deepEqual(told, ['ann'])
})

test('a route that is missing at the refresh is written again, and its user told to sync; the others are not', async () => {
  const { inner, told, presence, enter, routesOf } = setUp()
  for (const userId of ['ann', 'bob']) {
    enter(userId)
    await presence.update(userId)
  }
  await inner.put({ slot: 3, epoch: 50 }, new Map([['ann', []]]))
  assert.equal(await presence.refresh(), true)
  assert.deepEqual([(await routesOf('ann')).length, told], [1, ['ann']])
})

test('a Redis that lost everything gets all routes again, and everybody is told', async () => {
  const { inner, told, presence, enter, routesOf } = setUp()
  enter('ann')
  await presence.update('ann')
  await presence.tick()
  assert.equal(told.length, 0)
  inner.clear()
  await presence.tick()
  assert.deepEqual((await routesOf('ann')).length, 1)
  assert.ok(told.includes('everybody'))
})

test('a new place takes over all routes', async () => {
  const { place, presence, enter, routesOf } = setUp()
  const { number } = enter('ann')
  await presence.update('ann')
  place.epoch = 51
  await presence.refresh()
  assert.deepEqual(await routesOf('ann'), [`3.51.${number}`])
})
