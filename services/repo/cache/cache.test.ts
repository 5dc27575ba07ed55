import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from '#infra/redis/index.ts'
import { metricValue, silentLogger, testMetrics } from '#infra/testing/index.ts'
import { createCache } from './cache.ts'

/** As much of Redis as the cache uses. `isDown` makes every command fail. */
function fakeRedis() {
  const store = new Map<string, string>()
  const state = { isDown: false, commands: 0 }
  const command = <A extends unknown[], R>(run: (...args: A) => R) => {
    return async (...args: A): Promise<R> => {
      state.commands += 1
      await delay(1)
      if (state.isDown) throw new Error('down')
      return run(...args)
    }
  }
  const redis = {
    mget: command((keys: string[]) => keys.map((key) => store.get(key) ?? null)),
    set: command((key: string, value: string) => void (store.has(key) || store.set(key, value))),
    defineCommand: () => undefined,
    'gochat:markChanged': command((count: number, ...keys: string[]) => {
      for (const key of keys.slice(0, count)) store.set(key, '')
    }),
  }
  return { redis: redis as unknown as Redis, store, state }
}

function setUp(redis: () => Redis | undefined) {
  const metrics = testMetrics()
  const cache = createCache({ redis, log: silentLogger(), metrics })
  const values = new Map([['a', 1]])
  let loads = 0
  const read = async (...keys: string[]) => {
    const found = await cache.read<number>('user', keys, async (wanted) => {
      loads += 1
      return new Map(wanted.flatMap((key) => (values.has(key) ? [[key, values.get(key)!]] : [])))
    })
    await delay(5)
    return Object.fromEntries(found)
  }
  const count = (result: string) => metricValue(metrics, 'gochat_repo_cache_requests_total', { kind: 'user', result })
  return { cache, values, read, count, loads: () => loads }
}

test('example: loaded once, then read from Redis; what does not exist is asked for again', async () => {
  const { redis } = fakeRedis()
  const { values, read, loads, count } = setUp(() => redis)
  assert.deepEqual(await read('a', 'b'), { a: 1 })
  values.set('b', 2)
  assert.deepEqual(await read('a', 'b'), { a: 1, b: 2 })
  assert.deepEqual(await read('a', 'b'), { a: 1, b: 2 })
  assert.equal(loads(), 2)
  assert.deepEqual([await count('hit'), await count('miss')], [3, 3])
})

test('from the call of invalidate on, the new value is read, and a slow reader cannot put the old one back', async () => {
  const { redis, store } = fakeRedis()
  const { cache, values, read } = setUp(() => redis)
  const gate = Promise.withResolvers<void>()
  const slow = cache.read<number>('user', ['a'], async () => {
    await gate.promise
    return new Map([['a', 1]])
  })
  values.set('a', 2)
  cache.invalidate(['a'])
  assert.deepEqual(await read('a'), { a: 2 })
  gate.resolve()
  await slow
  await delay(5)
  assert.equal(store.get('a'), '')
  assert.deepEqual(await read('a'), { a: 2 })
})

test('without Redis everything is loaded; changes made meanwhile are told once it is back', async () => {
  const { redis, store, state } = fakeRedis()
  const { cache, values, read } = setUp(() => redis)
  await read('a')
  state.isDown = true
  values.set('a', 2)
  cache.invalidate(['a'])
  assert.deepEqual(await read('a'), { a: 2 })
  state.isDown = false
  assert.deepEqual(await read('a'), { a: 2 }, 'the old value is still there, and not read')
  assert.equal(store.get('a'), '1')
  await delay(400)
  assert.equal(store.get('a'), '')
  await cache[Symbol.asyncDispose]()
})

test('a Redis that fails is left alone for a while', async () => {
  const { redis, state } = fakeRedis()
  const { read, count } = setUp(() => redis)
  state.isDown = true
  for (let i = 0; i < 5; i += 1) assert.deepEqual(await read('a'), { a: 1 })
  assert.equal(state.commands, 1)
  assert.equal(await count('unavailable'), 5)
})

test('a key that changes again and again is marked once in a while, together with what else changed', async () => {
  const { redis, state } = fakeRedis()
  const { cache } = setUp(() => redis)
  for (let i = 0; i < 50; i += 1) {
    cache.invalidate(['a', `other-${i}`])
    cache.invalidate(['a'])
  }
  await delay(10)
  for (let i = 0; i < 50; i += 1) cache.invalidate(['a'])
  await delay(10)
  assert.equal(state.commands, 1)
})

test('disposing sends what still waits', async () => {
  const { redis, store } = fakeRedis()
  const { cache } = setUp(() => redis)
  cache.invalidate(['a'])
  await cache[Symbol.asyncDispose]()
  assert.equal(store.get('a'), '')
})
