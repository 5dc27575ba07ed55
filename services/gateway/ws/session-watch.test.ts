import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '#infra/errors/index.ts'
import { fakeSocket, testHub } from '../testing/fake-socket.ts'
import { createSessionWatch } from './session-watch.ts'

function setUp() {
  const { hub } = testHub()
  const ended = new Map<string, boolean>()
  /** What logic would say. */
  const lost = new Set<string>()
  const asked: string[][] = []
  const watch = createSessionWatch({
    hub,
    sessions: {
      end: (ids, isSuspension) => ids.forEach((id) => ended.set(id, isSuspension)),
      refusalOf: (id) =>
        ended.has(id) ? new AppError(ended.get(id) === true ? 'ACCOUNT_SUSPENDED' : 'SESSION_REVOKED') : undefined,
      async check(ids) {
        asked.push([...ids])
        const found = ids.filter((id) => lost.has(id))
        for (const id of found) ended.set(id, false)
        return found
      },
    },
  })
  function enter(userId: string, sessionId: string) {
    const socket = fakeSocket()
    const connection = hub.open(socket, '127.0.0.1')
    connection.identity = { userId, sessionId, deviceId: 'd', isAdmin: false, isGuest: false, expiresAtMs: 0 }
    hub.join(connection)
    connection.isReady = true
    return socket
  }
  return { hub, watch, lost, asked, enter }
}

test('example: the sockets of an ended session close with its code, and those of other sessions stay', () => {
  const { watch, enter } = setUp()
  const [phone, phoneToo, laptop] = [enter('ann', '1'), enter('ann', '1'), enter('ann', '2')]
  watch.end({ userId: 'ann', sessionIds: ['1'], isSuspension: false })
  assert.deepEqual(
    [phone, phoneToo, laptop].map(({ closedWith }) => closedWith?.[0]),
    [4504, 4504, undefined],
  )
  watch.end({ userId: 'ann', sessionIds: ['2'], isSuspension: true })
  assert.equal(laptop.closedWith?.[0], 4505)
})

test('what the news missed is found by asking about all sessions that have a socket, each once', async () => {
  const { watch, lost, asked, enter } = setUp()
  const [ann, bob] = [enter('ann', '1'), enter('bob', '2')]
  enter('bob', '2')
  await watch.checkAll()
  assert.deepEqual(asked, [['1', '2']])
  assert.equal(ann.closedWith, undefined)
  lost.add('1')
  await watch.checkAll()
  assert.deepEqual([ann.closedWith?.[0], bob.closedWith?.[0]], [4504, undefined])
})
