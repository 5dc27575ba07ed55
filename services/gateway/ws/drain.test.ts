import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeSocket, testHub } from '../testing/fake-socket.ts'
import { drain } from './drain.ts'

test('example: everybody is told its moment, and closed with 1012 at different ones', async () => {
  const { hub } = testHub()
  const sockets = Array.from({ length: 50 }, () => {
    const socket = fakeSocket()
    const connection = hub.open(socket, '127.0.0.1')
    const close = socket.close.bind(socket)
    const closedAtMs: number[] = []
    socket.close = (code, reason) => {
      closedAtMs.push(performance.now())
      close(code, reason)
      hub.close(connection)
    }
    return { socket, closedAtMs }
  })
  const startMs = performance.now()
  await drain(hub, 300)
  for (const { socket, closedAtMs } of sockets) {
    const [frame] = socket.frames()
    assert.equal(frame?.t, 'reconnect')
    assert.deepEqual(socket.closedWith, [1012, 'DRAINING'])
    assert.ok(closedAtMs[0]! - startMs >= (frame['afterMs'] as number) - 5, 'not before its moment')
  }
  assert.ok(new Set(sockets.map(({ closedAtMs }) => Math.round(closedAtMs[0]! / 50))).size >= 3)
})

test('a client that does not close is cut off', async () => {
  const { hub } = testHub()
  const socket = fakeSocket()
  hub.open(socket, '127.0.0.1')
  let isCut = false
  socket.terminate = () => {
    isCut = true
  }
  await drain(hub, 0)
  assert.ok(isCut)
})

test('with nobody there it ends at once', async () => {
  const startMs = performance.now()
  await drain(testHub().hub, 60_000)
  assert.ok(performance.now() - startMs < 200)
})
