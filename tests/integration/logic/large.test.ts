import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { liveSettingsKey } from '#delivery/live-settings.ts'
import { topics } from '#delivery/topics.ts'
import { createRpcClient } from '#infra/rpc/index.ts'
import { metricValue, testMetrics, waitFor } from '#infra/testing/index.ts'
import { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import { connection, log, openStage, place, send, type CommandInit } from './stage.ts'

const stage = await openStage()
const { repo, etcd, routes, pushed, tasks, start, produce, produceRaw, resultsOf } = stage
after(() => stage[Symbol.asyncDispose]())

function setThreshold(largeGroupThreshold: number): Promise<number> {
  return etcd.put(liveSettingsKey, JSON.stringify({ largeGroupThreshold }))
}

function add(conversationId: string, actorId: string, id: string, userIds: string[]): CommandInit {
  const replyTo = { ...place, connection, request: id }
  return { conversationId, actorId, id, replyTo, body: { case: 'add', value: { userIds } } }
}

async function pushOf(conversationId: string, seq: number) {
  return await waitFor(
    () => pushed.find(({ frame }) => frame['conversationId'] === conversationId && frame['seq'] === seq),
    { what: `entry ${seq}` },
  )
}

test('a group over the live threshold is large, who joins is told, and a new threshold makes it direct again', async () => {
  await setThreshold(2)
  const { logic, metrics } = await start('logic-large')
  const [owner = '', second = '', third = '', late = ''] = await repo.makeUsers(4)
  const id = await repo.makeGroup([owner, second, third])
  await routes.put(place, new Map([owner, second, third, late].map((userId, index) => [userId, [10 + index]])))

  await produce(id, [send(id, owner, 'm1'), add(id, owner, 'c1', [late]), send(id, late, 'm2')])
  const first = await pushOf(id, 2)
  const joined = await pushOf(id, 3)
  assert.deepEqual([first.connections, first.audience?.conversationId, first.audience?.seq], [[], id, 2])
  assert.equal(joined.audience?.memberVersion, (first.audience?.memberVersion ?? 0) + 1)
  const { frame, connections } = await waitFor(() => pushed.find((one) => one.frame['t'] === 'membership'), {
    what: 'word to who joined',
  })
  assert.deepEqual([frame, connections], [{ t: 'membership', conversationId: id, joinSeq: 2 }, [13]])
  await waitFor(() => resultsOf(id).length === 3, { what: 'three results' })
  assert.deepEqual(resultsOf(id)[1], { commandId: 'c1', outcome: 'applied' })
  await waitFor(() => tasks.some((task) => task.case === 'settleDue' && task.value.conversationId === id), {
    what: 'the task',
  })
  assert.equal(await metricValue(metrics, 'gochat_dispatch_total', { class: 'direct' }), 0)

  const target = { hosts: `127.0.0.1:${logic.rpcPort}`, log, metrics: testMetrics() }
  await using audience = createRpcClient(AudienceService, target)
  const { places } = await audience.refreshAudience({ conversationId: id, userIds: [late, owner] })
  assert.deepEqual(
    new Map(places.map(({ userId, joinSeq }) => [userId, joinSeq])),
    new Map([
      [late, 2],
      [owner, 0],
    ]),
  )

  await setThreshold(500)
  await produce(id, [send(id, second, 'm3')])
  const direct = await pushOf(id, 4)
  assert.deepEqual([direct.audience, direct.connections.toSorted()], [undefined, [10, 11, 12, 13]])
  const rows = await repo.rows(
    `SELECT delivery_class, class_since_seq, last_seq, member_count FROM conversations WHERE id = ${id}`,
  )
  assert.deepEqual(rows, [{ delivery_class: 1, class_since_seq: 4, last_seq: 4, member_count: 4 }])
  await logic[Symbol.asyncDispose]()
})

test('poison: a copy is kept, a task tells of its place, and the partition goes on', async () => {
  const { logic } = await start('logic-poison')
  const value = Buffer.from([0xff, 0xff, 0xff])
  const { partition, offset } = await produceRaw(1, value)
  const found = { topic: topics.upstream, partition, offset, index: -1 }
  await waitFor(() => tasks.some((task) => task.case === 'poisonFound' && task.value.offset === offset), {
    what: 'the task',
  })
  assert.deepEqual(Buffer.from((await repo.poison.getPoison({ place: found })).value), value)
  await logic[Symbol.asyncDispose]()
})
