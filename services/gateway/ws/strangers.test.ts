import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#infra/testing/index.ts'
import { fakeSocket, testHub } from '../testing/fake-socket.ts'
import { createStrangers } from './strangers.ts'

function setUp(isLoopbackTrusted = false) {
  const { hub } = testHub()
  const clock = fakeClock()
  const strangers = createStrangers({ authTimeoutMs: 5000, isLoopbackTrusted, now: clock.now })
  const knock = (ip: string) => {
    const socket = fakeSocket()
    const connection = hub.open(socket, ip)
    return { socket, connection, isIn: strangers.add(connection) }
  }
  return { strangers, clock, knock }
}

test('example: who has not said who it is after the timeout is closed, who has is not', () => {
  const { strangers, clock, knock } = setUp()
  const [silent, known] = [knock('192.0.2.1'), knock('192.0.2.1')]
  strangers.remove(known.connection)
  clock.advance(4999)
  strangers.tick()
  assert.equal(silent.socket.closedWith, undefined)
  clock.advance(1)
  const later = knock('192.0.2.1')
  strangers.tick()
  assert.deepEqual(silent.socket.closedWith, [4502, 'AUTH_TIMEOUT'])
  assert.deepEqual([known.socket.closedWith, later.socket.closedWith], [undefined, undefined])
})

test('twenty from one address at a time; others are not kept out, and who leaves makes room', () => {
  const { strangers, knock } = setUp()
  const first = Array.from({ length: 20 }, () => knock('192.0.2.1'))
  assert.equal(knock('192.0.2.1').isIn, false)
  assert.equal(knock('192.0.2.2').isIn, true)
  strangers.remove(first[0]!.connection)
  strangers.remove(first[0]!.connection)
  assert.equal(knock('192.0.2.1').isIn, true)
  assert.equal(knock('192.0.2.1').isIn, false)
})

test('the loopback profile lifts the bound per address for loopback only, and never the whole one', () => {
  const { knock } = setUp(true)
  const loopback = Array.from({ length: 2000 }, () => knock('127.0.0.1').isIn)
  assert.ok(loopback.every(Boolean))
  assert.equal(knock('127.0.0.1').isIn, false)
  const { knock: knockElsewhere } = setUp(true)
  assert.equal(Array.from({ length: 21 }, () => knockElsewhere('192.0.2.1').isIn).at(-1), false)
})
