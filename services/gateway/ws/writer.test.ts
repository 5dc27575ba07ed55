import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testMetrics } from '#infra/testing/index.ts'
import { fakeSocket, readFrames, type FakeSocket } from '../testing/fake-socket.ts'
import { textFrame } from './text-frame.ts'
import { createWriter, type Outgoing } from './writer.ts'

const frame = (text: string) => textFrame(Buffer.from(text))
const outgoing = (): Outgoing & { socket: FakeSocket } => ({ socket: fakeSocket(), frames: [] })
const textsOf = ({ socket }: { socket: FakeSocket }) => readFrames(Buffer.concat(socket.writes))
const turn = () => new Promise(setImmediate)

function writerWith(slow: Outgoing[] = []) {
  return createWriter({ maxQueuedBytes: 100, onSlow: (to) => slow.push(to), metrics: testMetrics() })
}

test('example: all frames of a turn leave in one write, in order', async () => {
  const [writer, to] = [writerWith(), outgoing()]
  for (const text of ['a', 'b', 'c']) writer.push(to, frame(text))
  assert.equal(to.socket.writes.length, 0)
  await turn()
  assert.equal(to.socket.writes.length, 1)
  assert.deepEqual(textsOf(to), ['a', 'b', 'c'])
})

test('flush writes at once, and only once', async () => {
  const [writer, to] = [writerWith(), outgoing()]
  writer.push(to, frame('a'))
  writer.flush()
  assert.deepEqual(textsOf(to), ['a'])
  await turn()
  assert.equal(to.socket.writes.length, 1)
})

test('sockets with the same frames are written the same buffer; others get their own', () => {
  const writer = writerWith()
  const members = [outgoing(), outgoing(), outgoing()]
  const shared = [frame('a'), frame('b')]
  for (const to of members) for (const each of shared) writer.push(to, each)
  writer.push(members[1]!, frame('only mine'))
  writer.flush()
  assert.equal(members[0]!.socket.writes[0], members[2]!.socket.writes[0])
  assert.deepEqual(textsOf(members[1]!), ['a', 'b', 'only mine'])
})

test('a closed socket is not written, not even with what was queued before', () => {
  const [writer, to] = [writerWith(), outgoing()]
  writer.push(to, frame('a'))
  to.socket.isOpen = false
  writer.flush()
  writer.push(to, frame('b'))
  writer.flush()
  assert.equal(to.socket.writes.length, 0)
  assert.equal(to.frames.length, 0)
})

test('a socket that holds back more than the bound is reported, and its frames are dropped', () => {
  const slow: Outgoing[] = []
  const [writer, to, good] = [writerWith(slow), outgoing(), outgoing()]
  to.socket.queuedBytes = 101
  good.socket.queuedBytes = 100
  for (const each of [to, good]) writer.push(each, frame('a'))
  writer.flush()
  assert.deepEqual(slow, [to])
  assert.deepEqual([to.socket.writes.length, to.frames.length], [0, 0])
  assert.deepEqual(textsOf(good), ['a'])
})

test('a room larger than a turn is written over several, everybody exactly once', async () => {
  const writer = writerWith()
  const members = Array.from({ length: 2500 }, outgoing)
  const shared = frame('a')
  for (const to of members) writer.push(to, shared)
  writer.flush()
  const written = () => members.filter(({ socket }) => socket.writes.length > 0).length
  assert.equal(written(), 1000)
  await turn()
  await turn()
  assert.equal(written(), 2500)
  assert.ok(members.every(({ socket }) => socket.writes.length === 1))
})
