import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { fakeClock, silentLogger, testMetrics } from '#infra/testing/index.ts'
import { CheckSessionsResponseSchema } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import { createSessions, trustedForMs } from './sessions.ts'

function setUp() {
  const clock = fakeClock()
  const calls: string[][] = []
  const ended = new Map<string, boolean>()
  const logic = { isDown: false, beforeAnswer: async () => {} }
  const sessions = createSessions({
    service: {
      async checkSessions({ sessionIds = [] }) {
        calls.push(sessionIds)
        if (logic.isDown) throw new Error('logic is away')
        const found = sessionIds.filter((id) => ended.has(id))
        await logic.beforeAnswer()
        return create(CheckSessionsResponseSchema, {
          ended: found.map((id) => ({ id, isSuspension: ended.get(id) === true })),
        })
      },
    },
    log: silentLogger(),
    metrics: testMetrics(),
    now: clock.now,
  })
  const enter = (sessionId: string) => sessions.require({ sessionId })
  return { clock, calls, ended, logic, sessions, enter }
}

test('example: a live session gets in, and logic is asked again only after a while', async () => {
  const { clock, calls, enter } = setUp()
  await enter('1')
  await enter('1')
  assert.deepEqual(calls, [['1']])
  clock.advance(trustedForMs)
  await enter('1')
  assert.equal(calls.length, 2)
})

test('one that has ended is refused by what logic says, as revoked or as suspended, and not asked about again', async () => {
  const { calls, ended, enter } = setUp()
  ended.set('1', false).set('2', true)
  await assert.rejects(enter('1'), { code: 'SESSION_REVOKED' })
  await assert.rejects(enter('2'), { code: 'ACCOUNT_SUSPENDED' })
  await assert.rejects(enter('1'), { code: 'SESSION_REVOKED' })
  assert.equal(calls.length, 2)
})

test('what logic tells counts at once, also for one that was found live a moment ago', async () => {
  const { sessions, enter } = setUp()
  await enter('1')
  sessions.end(['1'], false)
  await assert.rejects(enter('1'), { code: 'SESSION_REVOKED' })
})

test('an answer that is older than the news does not win over it', async () => {
  const { logic, sessions, enter } = setUp()
  logic.beforeAnswer = async () => sessions.end(['1'], true)
  await assert.rejects(enter('1'), { code: 'ACCOUNT_SUSPENDED' })
  await assert.rejects(enter('1'), { code: 'ACCOUNT_SUSPENDED' })
})

test('a storm of seventeen thousand is some dozens of calls, one at a time, and each session is asked about once', async () => {
  const { calls, logic, enter } = setUp()
  let open = 0
  let mostOpen = 0
  logic.beforeAnswer = async () => {
    mostOpen = Math.max(mostOpen, (open += 1))
    await new Promise(setImmediate)
    open -= 1
  }
  const ids = Array.from({ length: 17_000 }, (_, index) => String(index + 1))
  await Promise.all([...ids, ...ids].map(enter))
  assert.equal(calls.length, 34)
  assert.equal(new Set(calls.flat()).size, 17_000)
  assert.equal(mostOpen, 1)
})

test('unknown is not revoked: without logic everybody gets in, nobody waits for the next failure, and it is asked again', async () => {
  const { clock, calls, ended, logic, enter } = setUp()
  ended.set('1', false)
  logic.isDown = true
  await enter('1')
  await enter('2')
  assert.equal(calls.length, 1)
  logic.isDown = false
  clock.advance(1001)
  await assert.rejects(enter('1'), { code: 'SESSION_REVOKED' })
})

test('an ended session is remembered as long as its last token can live, and not for ever', async () => {
  const { clock, calls, sessions, enter } = setUp()
  sessions.end(['1'], false)
  clock.advance(15 * 60_000)
  await assert.rejects(enter('1'), { code: 'SESSION_REVOKED' })
  clock.advance(60_000)
  await enter('1')
  assert.deepEqual(calls, [['1']])
})

test('check() asks about all that it is given, in calls of bounded size', async () => {
  const { calls, ended, sessions } = setUp()
  ended.set('700', false)
  const ids = Array.from({ length: 1200 }, (_, index) => String(index + 1))
  assert.deepEqual(await sessions.check(ids), ['700'])
  assert.deepEqual(
    calls.map(({ length }) => length),
    [500, 500, 200],
  )
})
