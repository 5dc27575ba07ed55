import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccounts, password } from '../support/account.ts'
import { openRawSocket } from '../support/bad-input/raw-socket.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const accounts = createAccounts(system.gateways)
/** Far below the pong timeout of ten seconds, and far above what a busy machine needs. */
const mostMs = 5000

test('while a hundred logins wait for their hashes, sockets are answered, logic answers, and all of them get in or are told to come back', async (t) => {
  const person = await accounts.register()
  const socket = await openRawSocket(system.gateways[0]!.wsUrl, { token: person.accessToken })
  const over = new AbortController()
  const logins = Promise.all(
    Array.from({ length: 100 }, (_, index) => logIn(index % 2, person.name, `device-${index % 10}`)),
  ).finally(() => over.abort())

  const untilOver = async (work: () => Promise<unknown>) => {
    const tookMs: number[] = []
    while (!over.signal.aborted) tookMs.push(await timed(work))
    return tookMs
  }
  const [pingsMs, readsMs, statuses] = await Promise.all([
    untilOver(() => socket.settle()),
    untilOver(() => accounts.ask(0, 'GET', '/users/me', person.accessToken)),
    logins,
  ])
  socket.drop()
  const [slowestPing, slowestRead] = [Math.max(...pingsMs), Math.max(...readsMs)]
  t.diagnostic(
    `${pingsMs.length} pings, slowest ${slowestPing} ms; ${readsMs.length} reads by logic, slowest ${slowestRead} ms`,
  )
  assert.ok(pingsMs.length > 1 && readsMs.length > 1, 'the logins were over before anything was measured')
  assert.ok(slowestPing < mostMs, `a ping took ${slowestPing} ms`)
  assert.ok(slowestRead < mostMs, `a read took ${slowestRead} ms`)
  // OVERLOADED, or DEADLINE_EXCEEDED on a machine that is busy with other things: both say when to come back.
  assert.deepEqual(new Set([200, 503, 504, ...statuses]), new Set([200, 503, 504]))
  assert.ok(statuses.includes(200))
})

/** All at once: the client of `accounts` would let few through at a time. */
async function logIn(gateway: number, name: string, deviceId: string): Promise<number> {
  const response = await fetch(`${system.gateways[gateway]!.httpUrl}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password, deviceId }),
  })
  await response.arrayBuffer()
  return response.status
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return Math.round(performance.now() - startedAt)
}
