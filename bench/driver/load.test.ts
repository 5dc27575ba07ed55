import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeter } from './ledger.ts'
import { runLoad } from './load.ts'
import { openRooms, type Shape } from './room.ts'

const shape: Shape = { name: 'groups', rooms: 2, members: 3, writers: 2 }

/** Members that have a message so long after it was sent, and its ack then. */
async function room(delayMs: number) {
  const meter = createMeter()
  const due: number[] = []
  let inFlight = 0
  let mostInFlight = 0
  const rooms = await openRooms(shape, meter, async ({ ledger, place }) => {
    let sent = 0
    return {
      send(dueMs) {
        const number = sent++
        due.push(dueMs)
        mostInFlight = Math.max(mostInFlight, (inFlight += 1))
        setTimeout(() => {
          inFlight -= 1
          for (const [i, receiver] of ledger.receivers.entries()) {
            if (i !== place) receiver.take(place, number, dueMs, performance.now())
          }
          ledger.answered(place, place, number)
        }, delayMs)
      },
      close: () => {},
    }
  })
  return { meter, rooms, due, mostInFlight: () => mostInFlight }
}

const spell = { warmUpMs: 20, measureMs: 200 }

test('closed loop: every writer has so many in flight, no more, and everything is counted', async () => {
  const { meter, rooms, mostInFlight } = await room(5)
  const row = await runLoad({ id: 'x', system: 'gochat', rooms, window: 3, ...spell }, meter, new Map())
  assert.equal(mostInFlight(), 2 * 2 * 3)
  assert.deepEqual([row.lost, row.duplicated, row.reordered, row.refused], [0, 0, 0, 0])
  assert.ok(row.messagesPerSecond > 100)
  // Two others in each room.
  assert.ok(Math.abs(row.deliveriesPerSecond / row.messagesPerSecond - 2) < 0.2)
  assert.ok(row.p50Ms >= 4)
})

test('open loop: messages are due at planned times, and a stall is charged to all that were due in it', async () => {
  const { meter, rooms, due } = await room(0)
  setTimeout(() => {
    for (const end = performance.now() + 100; performance.now() < end;);
  }, 100)
  const row = await runLoad({ id: 'x', system: 'gochat', rooms, ratePerSecond: 500, ...spell }, meter, new Map())
  const gaps = due.slice(1).map((at, i) => at - due[i]!)
  assert.ok(gaps.every((gap) => Math.abs(gap - 2) < 0.01))
  assert.ok(due.length >= 90)
  assert.ok(row.maxMs >= 80, `${row.maxMs}`)
})

test('rooms that cannot be opened whole are closed, those that come late too', async () => {
  let open = 0
  const opening = openRooms(shape, createMeter(), async ({ room, place }) => {
    await new Promise((resolve) => setTimeout(resolve, room === 0 ? 1 : 10))
    if (room === 0 && place === 1) throw new Error('no')
    open += 1
    return { send: () => {}, close: () => void (open -= 1) }
  })
  await assert.rejects(opening, /no/)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(open, 0)
})
