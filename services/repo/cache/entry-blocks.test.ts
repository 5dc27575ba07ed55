import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode } from '#infra/protobuf/index.ts'
import { metricValue, testMetrics } from '#infra/testing/index.ts'
import { EntryListSchema, type Entry } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { createEntryBlocks, type EncodedEntries, type EntryRange } from './entry-blocks.ts'

/** A log in a database that counts what it is asked for. */
function setUp(length: number, missing: readonly number[] = []) {
  const seqs = Array.from({ length }, (_, index) => index + 1).filter((seq) => !missing.includes(seq))
  const loads: EntryRange[] = []
  const state = { seqs, loads, nowMs: 1 }
  const metrics = testMetrics()
  const blocks = createEntryBlocks({
    load: async (conversationId, range) => {
      loads.push(range)
      return inRange(state.seqs, range).map((seq) => entryOf(conversationId, seq))
    },
    metrics,
    now: () => state.nowMs,
  })
  const read = async (afterSeq: number, upToSeq: number, limit = 100) =>
    (await blocks.read('7', { afterSeq, upToSeq, limit })).map(({ seq }) => seq)
  return { ...state, state, blocks, metrics, read }
}

const inRange = (seqs: readonly number[], { afterSeq, upToSeq, limit }: EntryRange) =>
  seqs.filter((seq) => seq > afterSeq && seq <= upToSeq).slice(0, limit)

function entryOf(conversationId: string, seq: number) {
  const body = Buffer.from(`{"text":"${seq}"}`)
  return { conversationId, seq, type: 'text', senderId: '1', clientMessageId: `m${seq}`, body, createdAtMs: seq }
}

const textOf = ({ conversationId, seq, body }: Entry) => `${conversationId} ${seq} ${Buffer.from(body).toString()}`
const decoded = (entries: EncodedEntries) =>
  decode(EntryListSchema, Buffer.concat(entries.map(({ bytes }) => bytes))).entries

test('example: a page is loaded once, with the rest of its blocks; what lies in those is not asked for again', async () => {
  const { blocks, read, loads, metrics } = setUp(100)
  const page = decoded(await blocks.read('7', { afterSeq: 20, upToSeq: 30, limit: 10 }))
  assert.deepEqual(
    page.map(textOf),
    Array.from({ length: 10 }, (_, index) => `7 ${21 + index} {"text":"${21 + index}"}`),
  )
  assert.deepEqual(loads, [{ afterSeq: 16, upToSeq: 32, limit: 16 }])
  assert.deepEqual(await read(16, 32), [17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32])
  assert.equal(loads.length, 1)
  assert.equal(await metricValue(metrics, 'gochat_repo_cache_requests_total', { kind: 'entries', result: 'hit' }), 1)
  assert.equal(await metricValue(metrics, 'gochat_repo_cache_requests_total', { kind: 'entries', result: 'miss' }), 1)
})

test('the end of a log, which may grow, is asked for each time; the blocks before it are not', async () => {
  const { state, read, loads } = setUp(40)
  assert.deepEqual((await read(0, 4_294_967_295)).length, 40)
  state.seqs.push(41)
  assert.deepEqual((await read(0, 4_294_967_295)).slice(-2), [40, 41])
  assert.deepEqual(loads[1], { afterSeq: 32, upToSeq: 4_294_967_295, limit: 80 })
})

test('one conversation has nothing of another', async () => {
  const { blocks } = setUp(16)
  await blocks.read('7', { afterSeq: 0, upToSeq: 16, limit: 16 })
  const [entry] = decoded(await blocks.read('8', { afterSeq: 0, upToSeq: 1, limit: 1 }))
  assert.equal(entry?.conversationId, '8')
})

test('what is gone from the database is shown for a minute at most', async () => {
  const { state, read } = setUp(16)
  await read(0, 16)
  state.seqs.length = 0
  state.nowMs += 59_000
  assert.equal((await read(0, 16)).length, 16)
  state.nowMs += 2_000
  assert.deepEqual(await read(0, 16), [])
})

test('whatever was read before, and whatever is missing, a page is what the database would give', async () => {
  const range = fc.record({
    afterSeq: fc.nat(130),
    upToSeq: fc.oneof(fc.nat(140), fc.constant(4_294_967_295)),
    limit: fc.integer({ min: 1, max: 60 }),
  })
  const missing = fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(missing, fc.array(range, { minLength: 1, maxLength: 12 }), async (holes, ranges) => {
      const { state, read } = setUp(120, holes)
      for (const { afterSeq, upToSeq, limit } of ranges) {
        assert.deepEqual(await read(afterSeq, upToSeq, limit), inRange(state.seqs, { afterSeq, upToSeq, limit }))
      }
    }),
  )
})
