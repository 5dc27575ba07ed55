import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeSocket, testHub } from '../testing/fake-socket.ts'
import type { Hub } from './hub.ts'

const payload = Buffer.from('{"t":"message","seq":1}')
const ack = Buffer.from('{"t":"ack","id":"f1"}')

function enter(hub: Hub, userId: string) {
  const socket = fakeSocket()
  const connection = hub.open(socket, '127.0.0.1')
  connection.identity = { userId, deviceId: 'd', sessionId: '8', isAdmin: false, isGuest: false, expiresAtMs: 0 }
  hub.join(connection)
  connection.isReady = true
  return { socket, connection }
}

test('example: a delivery reaches the connections and the users that it names, a reply its connection', () => {
  const { hub } = testHub()
  const [ann, annToo, bob] = [enter(hub, 'ann'), enter(hub, 'ann'), enter(hub, 'bob')]
  hub.deliver({ payload, connections: [bob.connection.number], userIds: ['ann', 'nobody'] })
  hub.reply(ann.connection.number, ack)
  hub.flush()
  assert.deepEqual(
    [ann, annToo, bob].map(({ socket }) => socket.frames().map(({ t }) => t)),
    [['message', 'ack'], ['message'], ['message']],
  )
})

test('all sockets of a delivery are written the same bytes', () => {
  const { hub } = testHub()
  const members = ['ann', 'bob', 'carol'].map((userId) => enter(hub, userId))
  hub.deliver({ payload, connections: members.map(({ connection }) => connection.number), userIds: [] })
  hub.flush()
  assert.equal(new Set(members.map(({ socket }) => socket.writes[0])).size, 1)
})

test('what has gone, or is not ready, is left out', () => {
  const { hub } = testHub()
  const [gone, early, other] = [enter(hub, 'ann'), enter(hub, 'ann'), enter(hub, 'ann')]
  early.connection.isReady = false
  hub.close(gone.connection)
  const connections = [gone, early, other].map(({ connection }) => connection.number)
  hub.deliver({ payload, connections: [...connections, 999], userIds: ['ann'] })
  hub.reply(gone.connection.number, ack)
  hub.flush()
  assert.deepEqual(
    [gone, early, other].map(({ socket }) => socket.writes.length),
    [0, 0, 1],
  )
  assert.deepEqual(hub.ofUser('ann').length, 2)
})

test('users are forgotten with their last socket, and no number is 0', () => {
  const { hub } = testHub()
  const { connection } = enter(hub, 'ann')
  assert.ok(connection.number > 0)
  hub.close(connection)
  assert.deepEqual([[...hub.userIds()], hub.size], [[], 0])
  hub.join(connection)
  assert.deepEqual([...hub.userIds()], [], 'who has gone cannot join')
})
