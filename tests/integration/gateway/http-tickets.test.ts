import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectRedis } from '#infra/redis/index.ts'
import { silentLogger, stackEnv, testMetrics } from '#infra/testing/index.ts'
import { createTickets } from '#services/gateway/tickets.ts'

const identity = {
  userId: '42',
  deviceId: 'phone-1',
  sessionId: '8',
  isAdmin: false,
  isGuest: false,
  expiresAtMs: Date.now() + 60_000,
}

test('of many who redeem one ticket at once, exactly one gets the identity; Redis keeps it 30 s at most', async () => {
  await using redis = await connectRedis({
    url: stackEnv().redisUrl,
    log: silentLogger(),
    metrics: testMetrics(),
  })
  const tickets = createTickets({ redis })
  const { ticket, expiresAtMs } = await tickets.issue(identity)
  const leftMs = await redis.pttl(`gochat:ticket:${ticket}`)
  assert.ok(leftMs > 0 && leftMs <= 30_000)
  assert.ok(Math.abs(expiresAtMs - Date.now() - leftMs) < 2000)

  const redeemed = await Promise.all(Array.from({ length: 50 }, () => tickets.redeem(ticket)))
  assert.deepEqual(
    redeemed.filter((found) => found !== undefined),
    [identity],
  )
})

test('without Redis a ticket is UNAVAILABLE, not refused', async () => {
  const redis = await connectRedis({ url: stackEnv().redisUrl, log: silentLogger(), metrics: testMetrics() })
  const tickets = createTickets({ redis })
  await redis[Symbol.asyncDispose]()
  await assert.rejects(tickets.issue(identity), { code: 'UNAVAILABLE' })
  await assert.rejects(tickets.redeem('a'.repeat(43)), { code: 'UNAVAILABLE' })
})
