import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Context } from '@temporalio/activity'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { connectInMemory, type Client } from '#infra/rpc/index.ts'
import { freePort, stackEnv, waitFor } from '#infra/testing/index.ts'
import { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import { createTemporalClient, type TemporalClient } from '#temporal/client.ts'
import { taskService } from '#temporal/task-service/task-service.ts'
import { deadLetter, groupFanout, redriveBatch } from '#workflows/contracts.ts'

const { temporalAddress, temporalNamespace } = stackEnv()
const run = Math.random().toString(36).slice(2, 10)
const taskQueue = `task-service-${run}`
/** Of this run: no other test lists them. */
const conversationId = String(Math.floor(Math.random() * 1e15) + 1e15)
const reason = `test_${run}`

let temporal: TemporalClient
let tasks: Client<typeof TaskService>
const stack = new AsyncDisposableStack()

before(async () => {
  temporal = stack.use(connect(temporalAddress))
  tasks = connectInMemory(TaskService, taskService(temporal))
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] })
  const connection = await NativeConnection.connect({ address: temporalAddress })
  stack.defer(() => connection.close())
  const workflowsPath = fileURLToPath(new URL('fixtures/stub-workflows.ts', import.meta.url))
  const worker = await Worker.create({
    connection,
    namespace: temporalNamespace,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') }),
    activities: { settle },
  })
  const running = worker.run()
  stack.defer(async () => {
    worker.shutdown()
    await running
  })
})
after(() => stack.disposeAsync())

/** Works until its workflow has no more use for it. */
async function settle(): Promise<void> {
  const { heartbeat, sleep } = Context.current()
  for (;;) {
    heartbeat({ settledSeq: 7 })
    await sleep(100)
  }
}

function connect(address: string): TemporalClient {
  return createTemporalClient({
    GOCHAT_TEMPORAL_ADDRESS: address,
    GOCHAT_TEMPORAL_NAMESPACE: temporalNamespace,
    GOCHAT_INSTANCE: 'task-service-test',
  })
}

async function start(workflowType: string, workflowId: string, input: object, queue = taskQueue): Promise<string> {
  await temporal.client.workflow.start(workflowType, { workflowId, taskQueue: queue, args: [input] })
  stack.defer(() => terminate(workflowId))
  return workflowId
}

/** Unless it has ended by itself. */
async function terminate(id: string): Promise<void> {
  const handle = temporal.client.workflow.getHandle(id)
  await handle.terminate().catch(() => undefined)
}

const fanoutId = groupFanout.workflowId(conversationId)
const letterIds = [1, 2, 3].map((n) => `dlq/poison/${run}/0/${n}/-1`)

test('example: a fan-out is found by its conversation, shown with its progress and its work, told to pause and to skip', async () => {
  await start(groupFanout.workflowType, fanoutId, { conversationId })
  const [found] = await waitFor(
    async () => {
      const { tasks: list } = await tasks.listTasks({ kind: 'groupFanout', state: 'running', conversationId })
      return list.length > 0 ? list : undefined
    },
    { timeoutMs: 20_000, what: 'visibility' },
  )
  assert.ok(found !== undefined)
  assert.deepEqual([found.id, found.isOpen, found.conversationId], [fanoutId, true, conversationId])
  assert.ok(Math.abs(found.startedAtMs - Date.now()) < 60_000 && found.closedAtMs === 0)

  await tasks.pauseTask({ id: fanoutId, reason: 'INC-1' })
  await tasks.resumeTask({ id: fanoutId })
  const shown = await waitFor(
    async () => {
      const shown = await tasks.showTask({ id: fanoutId })
      return shown.pendingActivities[0]?.heartbeatJson ? shown : undefined
    },
    { timeoutMs: 20_000, what: 'the heartbeat' },
  )
  assert.deepEqual(JSON.parse(shown.progressJson), {
    told: [
      ['pause', { reason: 'INC-1' }],
      ['resume', null],
    ],
  })
  assert.equal(shown.pendingActivities[0]?.name, 'settle')
  assert.deepEqual(JSON.parse(shown.pendingActivities[0].heartbeatJson), { settledSeq: 7 })
  assert.ok(shown.historyEvents > 4)
  assert.equal(shown.task?.state, 'running')

  await tasks.skipEntries({ id: fanoutId, fromSeq: 3, toSeq: 5 })
  await temporal.client.workflow.getHandle(fanoutId).result()
  await assert.rejects(tasks.pauseTask({ id: fanoutId }), { code: 'NOT_FOUND' })
  const { task } = await tasks.showTask({ id: fanoutId })
  assert.ok(task !== undefined && !task.isOpen && task.closedAtMs >= task.startedAtMs)
})

test('dead letters are listed newest first, by page, by an own query, and with those that have ended when asked', async () => {
  for (const id of letterIds) await start(deadLetter.workflowType, id, { reason })
  const query = `ImErrorType="${reason}"`
  const list = async (hasClosed = false) => {
    const ids: string[] = []
    let cursor = ''
    do {
      const page = await tasks.listTasks({
        kind: 'deadLetter',
        state: hasClosed ? '' : 'parked',
        hasClosed,
        query,
        limit: 2,
        cursor,
      })
      assert.ok(page.tasks.length <= 2)
      ids.push(...page.tasks.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== '')
    return ids
  }
  await waitFor(async () => (await list()).length === 3, { timeoutMs: 20_000, what: 'visibility' })
  assert.deepEqual(await list(), letterIds.toReversed())

  await tasks.redriveTask({ id: letterIds[0]! })
  await tasks.discardTask({ id: letterIds[1]!, reason: 'seen' })
  const ends = letterIds.slice(0, 2).map((id) => temporal.client.workflow.getHandle(id).result())
  assert.deepEqual(await Promise.all(ends), ['redriven', 'discarded {"reason":"seen"}'])
  await waitFor(async () => (await list()).length === 1, { timeoutMs: 20_000, what: 'visibility' })
  assert.deepEqual((await list(true)).toSorted(), letterIds)
})

test('where no worker answers, all but the progress is shown', async () => {
  const id = await start(deadLetter.workflowType, `dlq/poison/${run}/0/9/-1`, { reason }, `nobody-${run}`)
  const { task, progressJson } = await tasks.showTask({ id })
  assert.equal(task?.id, id)
  assert.equal(progressJson, '')
})

test('what is not there, not understood or not a query has its name, and says why', async () => {
  await assert.rejects(tasks.showTask({ id: 'fanout/0' }), { code: 'NOT_FOUND' })
  await assert.rejects(tasks.resumeTask({ id: 'fanout/0' }), { code: 'NOT_FOUND' })
  await assert.rejects(tasks.pauseTask({ id: letterIds[2]! }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(tasks.skipEntries({ id: fanoutId, fromSeq: 5, toSeq: 3 }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(tasks.listTasks({ cursor: 'bm9uc2Vuc2U' }), { code: 'INVALID_ARGUMENT' })
  const noColumn = { code: 'INVALID_ARGUMENT', message: /NoSuchColumn/ }
  await assert.rejects(tasks.listTasks({ query: 'NoSuchColumn="x"' }), noColumn)
  await assert.rejects(tasks.redriveMany({ query: 'NoSuchColumn="x"' }), noColumn)
})

test('a batch with the id of another is that one; without an id each is a new one', async () => {
  const batch = { query: `ImErrorType="none_${run}"`, perSecond: 20, jobId: run }
  const [first, again, other] = await Promise.all([
    tasks.redriveMany(batch),
    tasks.redriveMany(batch),
    tasks.redriveMany({ ...batch, jobId: '' }),
  ])
  for (const { id } of [first, other]) stack.defer(() => terminate(id))
  assert.equal(first.id, redriveBatch.workflowId(run))
  assert.equal(again.id, first.id)
  assert.notEqual(other.id, first.id)
  const history = await temporal.client.workflow.getHandle(first.id).fetchHistory()
  const [payload] = history.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? []
  assert.deepEqual(JSON.parse(Buffer.from(payload?.data ?? []).toString()), { query: batch.query, perSecond: 20 })
})

test('a poke starts a fan-out, and the next one wakes the same', async () => {
  const other = String(Number(conversationId) + 1)
  const handle = temporal.client.workflow.getHandle(groupFanout.workflowId(other))
  stack.defer(() => terminate(handle.workflowId))
  await tasks.pokeFanout({ conversationId: other, headSeq: 4 })
  const { runId } = await handle.describe()
  await tasks.pokeFanout({ conversationId: other, headSeq: 5 })
  assert.equal((await handle.describe()).runId, runId)
  await assert.rejects(tasks.pokeFanout({ conversationId: '7/8', headSeq: 5 }), { code: 'INVALID_ARGUMENT' })
})

test('with Temporal away everything is UNAVAILABLE, at once', async () => {
  await using away = connect(`127.0.0.1:${await freePort()}`)
  await using cut = connectInMemory(TaskService, taskService(away))
  const startedAt = performance.now()
  for (const call of [cut.listTasks({}), cut.showTask({ id: fanoutId }), cut.pauseTask({ id: fanoutId })]) {
    await assert.rejects(call, { code: 'UNAVAILABLE' })
  }
  assert.ok(performance.now() - startedAt < 2_000)
})
