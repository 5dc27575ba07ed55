import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { AppError } from '#infra/errors/index.ts'
import { connectRedis, defineScript, loadScripts, translateError } from '#infra/redis/index.ts'
import { metricValue, recordingLogger, silentLogger, stackEnv, testMetrics, waitFor } from '#infra/testing/index.ts'

import { startProxy } from './proxy.ts'

const log = silentLogger()
const { redisUrl } = stackEnv()
const prefix = `gochat:test:${process.pid}:${Date.now()}:`

after(async () => {
  await using redis = await connectRedis({ url: redisUrl, log, metrics: testMetrics() })
  const keys = await redis.keys(`${prefix}*`)
  if (keys.length > 0) await redis.del(...keys)
})

test('example: plain commands and a typed script', async () => {
  await using redis = await connectRedis({ url: redisUrl, log, metrics: testMetrics() })
  await redis.set(`${prefix}a`, 'Ann 🙂', 'PX', 60_000)
  assert.deepEqual(await redis.mget(`${prefix}a`, `${prefix}absent`), ['Ann 🙂', null])

  const scripts = loadScripts(redis, {
    add: defineScript<number>({ numberOfKeys: 1, lua: `return redis.call('INCRBY', KEYS[1], ARGV[1])` }),
    countKeys: defineScript<number>({ lua: 'return #KEYS' }),
  })
  const total: number = await scripts.add([`${prefix}n`], [5])
  assert.equal(total, 5)
  assert.equal(await scripts.countKeys([`${prefix}x`, `${prefix}y`], ['not a key']), 2)
})

test('a script works again after Redis forgot it', async () => {
  await using redis = await connectRedis({ url: redisUrl, log, metrics: testMetrics() })
  const { answer } = loadScripts(redis, { answer: defineScript<number>({ numberOfKeys: 0, lua: 'return 42' }) })
  assert.equal(await answer([]), 42)
  await redis.script('FLUSH')
  assert.equal(await answer([]), 42)
})

test('no Redis: connecting fails in time, and nothing goes on afterwards', async () => {
  const options = { url: 'redis://127.0.0.1:1', log, metrics: testMetrics(), connectTimeoutMs: 200 }
  const startedAt = performance.now()
  await assert.rejects(connectRedis(options), { code: 'UNAVAILABLE' })
  assert.ok(performance.now() - startedAt < 1_000)
})

test('Redis that comes up late is waited for', async () => {
  await using proxied = await throughProxy()
  proxied.proxy.close()
  const connecting = connectRedis({ url: proxied.url, log, metrics: testMetrics() })
  setTimeout(() => proxied.proxy.open(), 200)
  await using redis = await connecting
  assert.equal(await redis.ping(), 'PONG')
})

test('while Redis is away commands fail at once, and work again when it is back; one line is logged, not many', async () => {
  const { log: recorder, lines } = recordingLogger()
  const metrics = testMetrics()
  await using proxied = await throughProxy()
  await using redis = await connectRedis({ url: proxied.url, log: recorder, metrics })
  assert.equal(await metricValue(metrics, 'gochat_redis_connected'), 1)
  proxied.proxy.close()
  await waitFor(async () => (await metricValue(metrics, 'gochat_redis_connected')) === 0, { what: 'the loss' })
  await new Promise((resolve) => setTimeout(resolve, 500))

  const startedAt = performance.now()
  assert.equal(await codeOf(redis.get(`${prefix}a`)), 'UNAVAILABLE')
  assert.ok(performance.now() - startedAt < 50)
  assert.ok(lines.length <= 4, `${lines.length} lines`)

  proxied.proxy.open()
  await waitFor(() => redis.ping(), { what: 'the reconnect' })
  assert.equal(await metricValue(metrics, 'gochat_redis_connected'), 1)
})

test('a command in flight when the connection breaks fails at once and is not sent again', async () => {
  await using proxied = await throughProxy()
  await using redis = await connectRedis({ url: proxied.url, log, metrics: testMetrics() })
  await using direct = await connectRedis({ url: redisUrl, log, metrics: testMetrics() })
  const key = `${prefix}once`
  await redis.set(key, 0)
  proxied.proxy.freeze()
  const startedAt = performance.now()
  const increment = codeOf(redis.incr(key))
  setTimeout(() => proxied.proxy.cut(), 50)
  assert.equal(await increment, 'UNAVAILABLE')
  assert.ok(performance.now() - startedAt < 500)
  proxied.proxy.thaw()
  await waitFor(() => redis.ping(), { what: 'the reconnect' })
  assert.equal(await direct.get(key), '0')
})

test('a Redis that does not answer: the command ends in time, and later the silent connection is replaced', async () => {
  await using proxied = await throughProxy()
  await using redis = await connectRedis({ url: proxied.url, log, metrics: testMetrics(), commandTimeoutMs: 100 })
  proxied.proxy.freeze()
  assert.equal(await codeOf(redis.get(`${prefix}a`)), 'DEADLINE_EXCEEDED')
  proxied.proxy.thaw({ onlyNew: true })
  await waitFor(() => redis.ping(), { what: 'a new connection' })
})

test('disposing lets what was sent be answered', async () => {
  const redis = await connectRedis({ url: redisUrl, log, metrics: testMetrics() })
  const answers = Array.from({ length: 100 }, () => redis.ping())
  await redis[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
  assert.equal((await Promise.all(answers)).length, 100)
})

async function codeOf(command: Promise<unknown>): Promise<string> {
  try {
    await command
    return 'OK'
  } catch (error) {
    const translated = translateError(error)
    return translated instanceof AppError ? translated.code : translated.name
  }
}

async function throughProxy() {
  const { hostname, port } = new URL(redisUrl)
  const proxy = await startProxy(hostname, Number(port || 6379))
  const url = new URL(redisUrl)
  url.hostname = '127.0.0.1'
  url.port = String(proxy.port)
  return { proxy, url: url.href, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}
