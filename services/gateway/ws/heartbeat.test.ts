import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#infra/testing/index.ts'
import { fakeSocket, testHub } from '../testing/fake-socket.ts'
import { createHeartbeat } from './heartbeat.ts'

function setUp() {
  const { hub } = testHub()
  const clock = fakeClock()
  const heartbeat = createHeartbeat({ pingIntervalMs: 5000, pongTimeoutMs: 2000, tickMs: 1000, now: clock.now })
  const enter = () => {
    const socket = fakeSocket()
    const connection = hub.open(socket, '127.0.0.1')
    heartbeat.add(connection)
    return { socket, connection, pings: () => socket.frames().filter(({ t }) => t === 'ping').length }
  }
  const seconds = (count: number) => {
    for (let second = 0; second < count; second += 1) {
      clock.advance(1000)
      heartbeat.tick()
      hub.flush()
    }
  }
  return { heartbeat, clock, hub, enter, seconds }
}

test('example: a ping every interval; who is heard of in time stays', () => {
  const { enter, seconds } = setUp()
  const client = enter()
  seconds(4)
  assert.equal(client.pings(), 0)
  seconds(1)
  assert.equal(client.pings(), 1)
  client.connection.isAlive = true
  seconds(5)
  assert.equal(client.pings(), 2)
  assert.equal(client.socket.closedWith, undefined)
})

test('who is not heard of after the pong timeout is closed, and not before', () => {
  const { enter, seconds } = setUp()
  const client = enter()
  seconds(6)
  assert.equal(client.socket.closedWith, undefined)
  seconds(1)
  assert.deepEqual(client.socket.closedWith, [4401, 'HEARTBEAT_TIMEOUT'])
})

test('one that came between two pings of others is not taken for dead', () => {
  const { enter, seconds } = setUp()
  enter()
  seconds(6)
  const late = enter()
  seconds(4)
  assert.deepEqual([late.pings(), late.socket.closedWith], [0, undefined])
})

test('after the process stood still nobody is closed before their frames could be read', () => {
  const { heartbeat, clock, enter, seconds } = setUp()
  const client = enter()
  seconds(6)
  clock.advance(60_000)
  heartbeat.tick()
  assert.equal(client.socket.closedWith, undefined)
})

test('a removed connection is not pinged', () => {
  const { heartbeat, enter, seconds } = setUp()
  const client = enter()
  heartbeat.remove(client.connection)
  seconds(10)
  assert.equal(client.pings(), 0)
})
