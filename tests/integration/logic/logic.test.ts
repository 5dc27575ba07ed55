import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createRpcClient } from '#infra/rpc/index.ts'
import { metricValue, testMetrics, waitFor } from '#infra/testing/index.ts'
import { decode } from '#infra/protobuf/index.ts'
import { EntryListSchema } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { GroupService } from '#proto/gen/gochat/conversation/v1/group_service_pb.ts'
import { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import { connection, log, openStage, place, send } from './stage.ts'

const stage = await openStage()
const { repo, routes, pushed, start, produce, resultsOf } = stage
after(() => stage[Symbol.asyncDispose]())

test('example: accounts and a group by gRPC, then a message by Kafka, acked and delivered', async () => {
  const { logic } = await start('logic-example')
  const target = { hosts: `127.0.0.1:${logic.rpcPort}`, log, metrics: testMetrics() }
  await using auth = createRpcClient(AuthService, target)
  await using groups = createRpcClient(GroupService, target)
  await using messages = createRpcClient(MessageService, target)
  const name = `anna-${Date.now()}`
  const anna = await auth.register({ name, password: 'a good one', deviceId: 'phone' })
  const bert = await auth.register({ name: `${name}-2`, password: 'a good one' })
  assert.equal((await auth.login({ name, password: 'a good one' })).user?.id, anna.user?.id)
  await assert.rejects(auth.login({ name, password: 'a bad one' }), { code: 'UNAUTHENTICATED' })
  const [annaId = '', bertId = ''] = [anna.user?.id, bert.user?.id]
  await routes.put(
    place,
    new Map([
      [annaId, [connection]],
      [bertId, [4, 5]],
    ]),
  )

  const request = { actorId: annaId, commandId: 'group-1', name: 'Group', memberIds: [bertId] }
  const { conversation, created } = await groups.openGroup(request)
  assert.equal(created, true)
  assert.equal((await groups.openGroup(request)).created, false)
  const id = conversation!.id
  await waitFor(() => pushed.find(({ frame }) => frame['conversationId'] === id && frame['seq'] === 1), {
    what: 'the announcement',
  })
  await produce(id, [send(id, annaId, 'm1'), send(id, annaId, 'm1'), send(id, '77', 'm2')])
  await waitFor(() => resultsOf(id).length === 3, { what: 'three results' })
  const [first, again, refused] = resultsOf(id)
  assert.deepEqual([first?.['seq'], again], [2, { ...first, duplicate: true }])
  assert.equal((refused?.['error'] as { code: string } | undefined)?.code, 'CONVERSATION_NOT_FOUND')
  const push = await waitFor(() => pushed.find(({ frame }) => frame['conversationId'] === id && frame['seq'] === 2), {
    what: 'the delivery',
  })
  assert.deepEqual(push.connections, [4, 5], 'the socket that sent gets the ack instead')
  const { answers } = await messages.getPages({ questions: [{ actorId: bertId, conversationId: id }] })
  const page = answers[0]?.result
  assert.ok(page?.case === 'page')
  const { entries } = decode(EntryListSchema, page.value.entryList)
  assert.deepEqual([entries.map(({ type }) => type), page.value.lastSeq], [['created', 'text'], 2])
  await logic[Symbol.asyncDispose]()
})

test('processes come and go while messages are sent again and again: each is stored once and acked, in order', async () => {
  const [owner = '', ...others] = await repo.makeUsers(3)
  const groups = await Promise.all(Array.from({ length: 6 }, () => repo.makeGroup([owner, ...others])))
  const sent = new Map(groups.map((id) => [id, [] as string[]]))
  const isSending = new AbortController()

  async function keepSending(id: string): Promise<void> {
    for (let next = 0; !isSending.signal.aborted; next += 1) {
      const frame = [0, 1, 2].map((at) => `m${next}-${at}`)
      sent.get(id)!.push(...frame)
      await produce(
        id,
        frame.map((message) => send(id, owner, message)),
      )
      // Twice, as a client that missed its ack would.
      if (next % 3 === 0)
        await produce(
          id,
          frame.map((message) => send(id, owner, message)),
        )
      await delay(5)
    }
  }

  const first = await start('logic-a')
  const sending = groups.map(keepSending)
  await delay(1000)
  const second = await start('logic-b')
  await delay(1000)
  await first.logic[Symbol.asyncDispose]()
  await delay(1000)
  const third = await start('logic-c')
  await delay(500)
  isSending.abort()
  await Promise.all(sending)

  for (const [id, ids] of sent) {
    await waitFor(() => new Set(ackedIds(id)).size === ids.length, { what: 'an ack for each', timeoutMs: 20_000 })
    const rows = await repo.rows<{ seq: number; client_message_id: string | null }>(
      `SELECT seq, client_message_id FROM messages WHERE conversation_id = ${id} ORDER BY seq`,
    )
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      rows.map((_, index) => index + 1),
      'no gap',
    )
    assert.deepEqual(
      rows.slice(1).map((row) => row.client_message_id),
      ids,
      'each once, in order',
    )
    const seqs = new Map(rows.map((row) => [row.client_message_id, row.seq]))
    for (const { clientMessageId, seq } of resultsOf(id)) {
      if (seq !== undefined) assert.equal(seqs.get(clientMessageId as string), seq, 'the ack names the stored seq')
    }
  }
  for (const { metrics } of [first, second, third]) {
    assert.equal((await metricValue(metrics, 'gochat_logic_poison_total')) ?? 0, 0)
  }
})

function ackedIds(conversationId: string): unknown[] {
  return resultsOf(conversationId)
    .filter((result) => result['seq'] !== undefined)
    .map((result) => result['clientMessageId'])
}
