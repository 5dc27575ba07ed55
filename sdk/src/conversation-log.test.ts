import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConversationLog, type Arrival } from './conversation-log.ts'

const arrival = (seq: number): Arrival => ({
  via: 'push',
  entry: { conversationId: '7', seq, type: 'text', senderId: '1', body: { text: `${seq}` }, createdAt: 0 },
})
const seqs = (arrivals: Arrival[]) => arrivals.map(({ entry }) => entry.seq)

test('whatever order and however often entries come, each is given once and in order', () => {
  const anyOrder = fc.integer({ min: 1, max: 40 }).chain((last) =>
    fc.tuple(
      fc.shuffledSubarray(
        Array.from({ length: last }, (_, i) => i + 1),
        { minLength: last },
      ),
      fc.array(fc.integer({ min: 1, max: last })),
    ),
  )
  fc.assert(
    fc.property(anyOrder, ([all, repeats]) => {
      const log = new ConversationLog('7', 0)
      const given = [...repeats, ...all, ...repeats].flatMap((seq) => seqs(log.offer(arrival(seq))))
      assert.deepEqual(
        given,
        all.toSorted((a, b) => a - b),
      )
      assert.equal(log.gap(), undefined)
    }),
  )
})

test('a gap is the range before the next held entry, or up to what the server says exists', () => {
  const log = new ConversationLog('7', 3)
  log.offer(arrival(6))
  assert.deepEqual(log.gap(), { afterSeq: 3, upToSeq: 5 })
  assert.deepEqual(seqs(log.offer(arrival(4))), [4])
  assert.deepEqual(seqs(log.offer(arrival(5))), [5, 6])
  log.extend(9)
  assert.deepEqual(log.gap(), { afterSeq: 6, upToSeq: 9 })
})

test('who left gets nothing behind the leave, and is closed once everything before it is held', () => {
  const log = new ConversationLog('7', 0)
  log.offer(arrival(3))
  log.offer(arrival(5))
  log.close(3)
  assert.deepEqual(log.gap(), { afterSeq: 0, upToSeq: 2 })
  assert.deepEqual(seqs([...log.offer(arrival(1)), ...log.offer(arrival(2))]), [1, 2, 3])
  log.close(3)
  assert.equal(log.isClosed, true)
})

test('a rejoin starts anew: what lies between leave and join is never asked for', () => {
  const log = new ConversationLog('7', 3)
  log.close(3)
  log.restart(8)
  assert.deepEqual(seqs(log.offer(arrival(9))), [9])
  assert.equal(log.gap(), undefined)
})
