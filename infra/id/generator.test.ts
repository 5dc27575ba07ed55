import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../testing/index.ts'
import { createIdGenerator, createUlid, isUlid, timeOfId } from './index.ts'

test('example: ids are decimal strings of 64 bits that grow and tell their time', () => {
  const clock = fakeClock(Date.UTC(2025, 5, 1))
  const newId = createIdGenerator({ worker: 7, now: clock.now })
  const first = newId()
  clock.advance(1)
  const second = newId()
  assert.match(first, /^\d{1,19}$/)
  assert.ok(BigInt(second) > BigInt(first))
  assert.equal(timeOfId(second), clock.now())
  assert.equal(Number((BigInt(first) >> 12n) & 1023n), 7)
})

test('a hundred thousand ids in one millisecond are unique and grow: later milliseconds are borrowed', () => {
  const clock = fakeClock()
  const newId = createIdGenerator({ worker: 1023, now: clock.now })
  let last = 0n
  for (let count = 0; count < 100_000; count += 1) {
    const id = BigInt(newId())
    assert.ok(id > last)
    last = id
  }
  assert.equal(timeOfId(last.toString()), clock.now() + Math.floor(99_999 / 4096))
})

test('two workers never meet', () => {
  const clock = fakeClock()
  const ids = new Set<string>()
  const generators = [0, 1].map((worker) => createIdGenerator({ worker, now: clock.now }))
  for (let count = 0; count < 5000; count += 1) for (const newId of generators) ids.add(newId())
  assert.equal(ids.size, 10_000)
})

test('a clock that goes back a little is bridged, further than 5 s is refused until it caught up', () => {
  const clock = fakeClock()
  const newId = createIdGenerator({ worker: 1, now: clock.now })
  const before = BigInt(newId())
  clock.advance(-5000)
  assert.ok(BigInt(newId()) > before)
  clock.advance(-1)
  assert.throws(newId, { code: 'UNAVAILABLE', retryable: true })
  clock.advance(1)
  assert.ok(BigInt(newId()) > before)
})

test('a worker number that changes is used from the next id on; one out of range is refused', () => {
  let worker = 3
  const newId = createIdGenerator({ worker: () => worker })
  const first = BigInt(newId())
  worker = 2
  const second = BigInt(newId())
  assert.ok(second >> 22n >= first >> 22n)
  assert.equal((second >> 12n) & 1023n, 2n)
  worker = 1024
  assert.throws(newId, RangeError)
})

test('the largest id of 2090 still fits a signed 64-bit column', () => {
  const id = createIdGenerator({ worker: 1023, now: () => Date.UTC(2090, 0, 1) })()
  assert.ok(BigInt(id) < 2n ** 63n)
})

test('ULIDs of one generator grow and are recognised', () => {
  const newUlid = createUlid()
  const ulids = Array.from({ length: 1000 }, newUlid)
  assert.deepEqual(ulids.toSorted(), ulids)
  assert.equal(new Set(ulids).size, 1000)
  assert.ok(ulids.every(isUlid))
  assert.ok(!isUlid('not a ulid'))
})
