import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testMetrics } from '#infra/testing/index.ts'
import { fakeSocket, testHub } from '../testing/fake-socket.ts'
import { createResync } from './resync.ts'

function sockets(count: number) {
  const { hub } = testHub()
  const all = Array.from({ length: count }, () => {
    const socket = fakeSocket()
    const connection = hub.open(socket, '127.0.0.1')
    connection.isReady = true
    return { socket, connection }
  })
  const told = () => {
    hub.flush()
    return all.map(({ socket }) => socket.frames().length)
  }
  return { all: all.map(({ connection }) => connection), told }
}

test('example: everybody is told once, spread over two seconds', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  using resync = createResync(testMetrics())
  const { all, told } = sockets(100)
  resync.tell(all, 'slot')
  resync.tell(all, 'redis')
  for (let step = 0; step < 10; step += 1) t.mock.timers.tick(100)
  const atHalf = told().filter((count) => count > 0).length
  assert.ok(atHalf >= 40 && atHalf <= 60, String(atHalf))
  for (let step = 0; step < 10; step += 1) t.mock.timers.tick(100)
  assert.ok(told().every((count) => count === 1))
})

test('who is not ready, or has gone, is not told', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  using resync = createResync(testMetrics())
  const { all, told } = sockets(2)
  all[0]!.isReady = false
  resync.tell(all, 'route')
  for (let step = 0; step < 10; step += 1) t.mock.timers.tick(100)
  assert.deepEqual(told(), [0, 1])
})
