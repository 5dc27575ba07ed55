import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import type { HeardRange } from '#delivery/heard.ts'
import type { Place } from '#delivery/routes.ts'
import { downstreamTopic } from '#delivery/topics.ts'
import { DownstreamRecordSchema } from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import { gatewayOne, gatewayTwo, stage } from '../testing/stage.ts'
import { confirmSlots } from './confirm-slots.ts'

const signal = new AbortController().signal
const range = { conversationId: '100', fromSeq: 10, toSeq: 20, memberVersion: 3 }

/** Two gateways; the first has heard all. `hears`: what the second says it has heard once something is sent to it. */
function setUp(heardByTwo: HeardRange | undefined, hears?: HeardRange) {
  const doubles = stage({ places: [gatewayOne, gatewayTwo] })
  const { heard, transport, deps } = doubles
  const hear = (place: Place, what: HeardRange) => heard.put(place, new Map([['100', what]]))
  const sent = () =>
    transport.sent.flatMap(({ topic, value }) =>
      fromBinary(DownstreamRecordSchema, value).deliveries.map(({ payload, audience }) => {
        assert.equal(topic, downstreamTopic(gatewayTwo.slot))
        assert.equal(audience?.memberVersion, 3)
        return { seq: audience.seq, frame: JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown> }
      }),
    )
  const confirm = async (what = range) => {
    await hear(gatewayOne, { fromSeq: 1, upToSeq: what.toSeq })
    if (heardByTwo !== undefined) await hear(gatewayTwo, heardByTwo)
    const send = async (records: Parameters<typeof transport.send>[0]) => {
      await transport.send(records)
      if (hears !== undefined) await hear(gatewayTwo, hears)
    }
    return Object.fromEntries(await confirmSlots({ ...deps, transport: { send } }, what, signal))
  }
  return { confirm, sent, hear }
}

test('example: gateways that have heard the range are live, and nothing is sent again', async () => {
  const { confirm, sent } = setUp({ fromSeq: 11, upToSeq: 20 })
  assert.deepEqual(await confirm(), { '1.100': 'live', '2.200': 'live' })
  assert.deepEqual(sent(), [])
})

test('a gateway that hears in time is live', async () => {
  const { confirm, sent, hear } = setUp({ fromSeq: 1, upToSeq: 12 })
  setTimeout(() => void hear(gatewayTwo, { fromSeq: 1, upToSeq: 25 }), 5)
  assert.equal((await confirm())['2.200'], 'live')
  assert.deepEqual(sent(), [])
})

test('a gateway that has heard nothing gets the whole range again, as frames that clients know', async () => {
  const { confirm, sent } = setUp(undefined, { fromSeq: 11, upToSeq: 20 })
  assert.deepEqual(await confirm(), { '1.100': 'live', '2.200': 'repaired' })
  assert.deepEqual(
    sent().map(({ seq }) => seq),
    [11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
  )
  const { t, seq, body, clientMessageId } = sent()[0]!.frame
  assert.deepEqual({ t, seq, body, clientMessageId }, { t: 'message', seq: 11, body: 11, clientMessageId: 'm-11' })
})

test('what a gateway has heard at the beginning of the range is left out', async () => {
  const { confirm, sent } = setUp({ fromSeq: 5, upToSeq: 17 }, { fromSeq: 5, upToSeq: 20 })
  assert.equal((await confirm())['2.200'], 'repaired')
  assert.deepEqual(
    sent().map(({ seq }) => seq),
    [18, 19, 20],
  )
})

test('a gateway that began too late gets all up to where it is, so that its interval is whole again', async () => {
  const { confirm, sent } = setUp({ fromSeq: 18, upToSeq: 22 }, { fromSeq: 11, upToSeq: 22 })
  assert.equal((await confirm())['2.200'], 'repaired')
  assert.deepEqual(
    sent().map(({ seq }) => seq),
    [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22],
  )
})

test('a gateway that says nothing, or has a gap after all, is silent', async () => {
  assert.equal((await setUp(undefined).confirm())['2.200'], 'silent')
  assert.equal((await setUp(undefined, { fromSeq: 13, upToSeq: 20 }).confirm())['2.200'], 'silent')
})

test('up to 200 entries are sent again, of more than that clients are told to sync', async () => {
  const few = setUp(undefined, { fromSeq: 11, upToSeq: 210 })
  assert.equal((await few.confirm({ ...range, toSeq: 210 }))['2.200'], 'repaired')
  assert.equal(few.sent().length, 200)
  assert.equal(few.sent().at(-1)?.seq, 210)

  const many = setUp(undefined, { fromSeq: 211, upToSeq: 211 })
  assert.equal((await many.confirm({ ...range, toSeq: 211 }))['2.200'], 'repaired')
  assert.deepEqual(many.sent(), [{ seq: 211, frame: { t: 'resync' } }])
})
