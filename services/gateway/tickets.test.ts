import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#infra/testing/index.ts'
import { createTickets, type TicketOptions } from './tickets.ts'

const clock = fakeClock()
const identity = {
  userId: '42',
  deviceId: 'phone-1',
  sessionId: '8',
  isAdmin: false,
  isGuest: false,
  expiresAtMs: clock.now() + 60_000,
}

test('example: a ticket gives its identity once', async () => {
  const tickets = createTickets({ redis: memoryRedis(), now: clock.now })
  const { ticket, expiresAtMs } = await tickets.issue(identity)
  assert.equal(expiresAtMs, clock.now() + 30_000)
  assert.deepEqual(await tickets.redeem(ticket), identity)
  assert.equal(await tickets.redeem(ticket), undefined)
})

test('a ticket is a token of RFC 6455: it may stand in a subprotocol', async () => {
  const tickets = createTickets({ redis: memoryRedis(), now: clock.now })
  const { ticket } = await tickets.issue(identity)
  assert.match(`ticket.${ticket}`, /^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/)
})

test('Redis forgets a ticket after 30 s, and is not asked for what cannot be one', async () => {
  const asked: unknown[] = []
  const redis = memoryRedis(asked)
  const tickets = createTickets({ redis, now: clock.now })
  await tickets.issue(identity)
  assert.deepEqual(asked.at(-1), ['EX', 30])
  for (const ticket of ['', 'x', '*', `${'a'.repeat(42)}:`, 'a'.repeat(44)]) {
    assert.equal(await tickets.redeem(ticket), undefined)
  }
  assert.equal(asked.length, 1)
})

test('a ticket does not outlive the token behind it', async () => {
  const later = fakeClock(clock.now())
  const tickets = createTickets({ redis: memoryRedis(), now: later.now })
  const { ticket } = await tickets.issue({ ...identity, expiresAtMs: later.now() + 1000 })
  later.advance(1000)
  assert.equal(await tickets.redeem(ticket), undefined)
})

test('without Redis both ways are UNAVAILABLE', async () => {
  const broken = () => Promise.reject(new Error('Connection is closed.'))
  const tickets = createTickets({ redis: { set: broken, getdel: broken } as unknown as TicketOptions['redis'] })
  await assert.rejects(tickets.issue(identity), { code: 'UNAVAILABLE' })
  await assert.rejects(tickets.redeem('a'.repeat(43)), { code: 'UNAVAILABLE' })
})

function memoryRedis(asked: unknown[] = []): TicketOptions['redis'] {
  const values = new Map<string, string>()
  const redis = {
    async set(key: string, value: string, ...more: unknown[]) {
      asked.push(more)
      values.set(key, value)
      return 'OK'
    },
    async getdel(key: string) {
      const value = values.get(key) ?? null
      asked.push(key)
      values.delete(key)
      return value
    },
  }
  return redis as unknown as TicketOptions['redis']
}
