import { Context } from '@temporalio/activity'
import { AppError } from '#infra/errors/index.ts'
import { sleep } from '#infra/lifecycle/index.ts'
import { waitFor } from '#infra/testing/index.ts'
import {
  deadLetter,
  groupFanout,
  reconcile,
  redriveBatch,
  type DeadLetterInput,
  type FanoutProgress,
} from '#workflows/contracts.ts'
import { settledUpTo, type WorkflowStage } from '../support/workflow-stage.ts'

/** The run whose history is to be kept; without a run id: the newest. */
interface Recorded {
  readonly workflowId: string
  readonly runId?: string
}

/** By `<workflow type>.<branch>`: plays it on a stage. */
export const scenarios: Record<string, (stage: WorkflowStage) => Promise<Recorded>> = {
  async 'groupFanout.plain'(stage) {
    stage.activities.settle = async () => settledUpTo(5)
    await stage.poke('101', 5)
    const workflowId = groupFanout.workflowId('101')
    await stage.client.workflow.getHandle(workflowId).result()
    return { workflowId }
  },

  async 'groupFanout.paused-and-resumed'(stage) {
    const isSettling = settleUntilCancelled(stage)
    await stage.poke('102', 5)
    const fanout = stage.client.workflow.getHandle(groupFanout.workflowId('102'))
    await isSettling
    await fanout.signal(groupFanout.pause, { reason: 'spam' })
    await untilProgress(stage, '102', ({ state, settledSeq }) => state === 'paused' && settledSeq === 3)
    await stage.poke('102', 9)
    stage.activities.settle = async () => settledUpTo(9)
    await fanout.signal(groupFanout.resume)
    await untilProgress(stage, '102', ({ settledSeq }) => settledSeq === 9)
    return fanout
  },

  async 'groupFanout.skip'(stage) {
    const isSettling = settleUntilCancelled(stage)
    await stage.poke('103', 9)
    const fanout = stage.client.workflow.getHandle(groupFanout.workflowId('103'))
    await isSettling
    stage.activities.settle = async ({ skips }) => settledUpTo(skips.at(-1)!.toSeq)
    await fanout.signal(groupFanout.skip, { fromSeq: 4, toSeq: 9 })
    await untilProgress(stage, '103', ({ settledSeq }) => settledSeq === 9)
    await fanout.signal(groupFanout.skip)
    return fanout
  },

  async 'groupFanout.parked-page'(stage) {
    const letter = pageLetter('104')
    stage.activities.settle = async ({ parked }) =>
      parked.length === 0 ? settledUpTo(0, { headSeq: 5, reason: 'parked', parked: [letter] }) : settledUpTo(5)
    await stage.poke('104', 5)
    await untilProgress(stage, '104', ({ settledSeq }) => settledSeq === 5)
    return { workflowId: groupFanout.workflowId('104') }
  },

  async 'groupFanout.blocked'(stage) {
    stage.activities.settle = async () => Promise.reject(new AppError('CONVERSATION_NOT_FOUND'))
    await stage.poke('105', 5)
    const fanout = stage.client.workflow.getHandle(groupFanout.workflowId('105'))
    await untilProgress(stage, '105', ({ state }) => state === 'blocked')
    stage.activities.settle = async () => settledUpTo(5)
    await fanout.signal(groupFanout.resume)
    await untilProgress(stage, '105', ({ settledSeq }) => settledSeq === 5)
    return fanout
  },

  async 'groupFanout.continued'(stage) {
    const { workflowId, firstRunId } = await continueFanout(stage, '106')
    return { workflowId, runId: firstRunId }
  },

  async 'groupFanout.successor'(stage) {
    const { workflowId } = await continueFanout(stage, '109')
    return { workflowId }
  },

  async 'deadLetter.poison-redriven'(stage) {
    const workflowId = await stage.park(poisonLetter(1))
    const letter = stage.client.workflow.getHandle(workflowId)
    await letter.signal(deadLetter.redrive, { reason: 'fixed' })
    await letter.result()
    return letter
  },

  async 'deadLetter.page-redriven'(stage) {
    const workflowId = await stage.park(pageLetter('107'))
    const letter = stage.client.workflow.getHandle(workflowId)
    await letter.signal(deadLetter.redrive)
    await letter.result()
    return letter
  },

  async 'deadLetter.discarded'(stage) {
    const workflowId = await stage.park(poisonLetter(2))
    const letter = stage.client.workflow.getHandle(workflowId)
    await letter.signal(deadLetter.discard)
    await letter.result()
    return letter
  },

  async 'deadLetter.redrive-failed'(stage) {
    stage.activities.reproducePoison = async () => Promise.reject(new AppError('NOT_FOUND'))
    const workflowId = await stage.park(poisonLetter(3))
    const letter = stage.client.workflow.getHandle(workflowId)
    await letter.signal(deadLetter.redrive)
    await waitFor(async () => (await letter.query(deadLetter.progress)).lastError !== '', { what: 'a failed redrive' })
    stage.activities.reproducePoison = async () => undefined
    await letter.signal(deadLetter.redrive)
    await letter.result()
    return letter
  },

  async 'redriveBatch.two-passes'(stage) {
    const pages = [['dlq/a', 'dlq/b'], ['dlq/c'], []]
    stage.activities.listParked = async () => ({ ids: pages.shift() ?? [], nextCursor: pages.length > 1 ? 'more' : '' })
    stage.activities.redriveOne = async ({ id }) => (id === 'dlq/b' ? 'gone' : 'redriven')
    return startBatch(stage, 'two-passes')
  },

  async 'redriveBatch.paused-and-resumed'(stage) {
    let lists = 0
    stage.activities.listParked = async () => ({
      ids: (lists += 1) === 1 ? ['dlq/a', 'dlq/b', 'dlq/c'] : [],
      nextCursor: '',
    })
    stage.activities.redriveOne = async () => 'redriven'
    const workflowId = redriveBatch.workflowId('paused')
    const options = { workflowId, taskQueue: stage.taskQueue, args: [{ perSecond: 1 }] }
    const batch = await stage.client.workflow.start(redriveBatch.workflowType, options)
    await batch.signal(redriveBatch.pause)
    await sleep(1_500)
    await batch.signal(redriveBatch.resume)
    await batch.result()
    return batch
  },

  async 'redriveBatch.continued'(stage) {
    let left = 8
    stage.activities.listParked = async () => ({
      ids: Array.from({ length: left }, (_, index) => `dlq/${index}`),
      nextCursor: '',
    })
    stage.activities.redriveOne = async () => ((left -= 1) < 0 ? 'gone' : 'redriven')
    const { workflowId, firstRunId } = await startBatch(stage, 'continued')
    return { workflowId, runId: firstRunId }
  },

  async 'reconcile.plain'(stage) {
    stage.activities.listBehind = async ({ afterId }) =>
      afterId === ''
        ? { behind: [{ conversationId: '108', headSeq: 5 }], nextAfterId: '108' }
        : { behind: [], nextAfterId: '' }
    const options = { workflowId: 'reconcile', taskQueue: stage.taskQueue }
    const run = await stage.client.workflow.start(reconcile.workflowType, options)
    await run.result()
    return run
  },
}

async function startBatch({ client, taskQueue }: WorkflowStage, jobId: string) {
  const workflowId = redriveBatch.workflowId(jobId)
  const batch = await client.workflow.start(redriveBatch.workflowType, { workflowId, taskQueue })
  await batch.result()
  return { workflowId, firstRunId: batch.firstExecutionRunId }
}

function poisonLetter(offset: number): DeadLetterInput {
  return { kind: 'poison', topic: 'gochat.upstream', partition: 3, offset, index: -1, reason: 'undecodable' }
}

function pageLetter(conversationId: string) {
  return {
    kind: 'page',
    conversationId,
    fromSeq: 0,
    toSeq: 5,
    afterUserId: '',
    upToUserId: '9',
    reason: 'UNAVAILABLE',
  } as const
}

/** Has the next `settle` stand at 3 of 9 until it is told to stop. Resolves when it stands there. */
function settleUntilCancelled({ activities }: WorkflowStage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  activities.settle = async () => {
    const { cancelled, heartbeat } = Context.current()
    const beating = setInterval(() => heartbeat(), 20)
    resolve()
    await cancelled.catch(() => undefined)
    clearInterval(beating)
    return settledUpTo(3, { headSeq: 9, reason: 'cancelled' })
  }
  return promise
}

/** Works until the fan-out has a successor, which settles the rest. */
async function continueFanout(stage: WorkflowStage, conversationId: string) {
  let settled = 0
  stage.activities.settle = async () => settledUpTo((settled += 1), { headSeq: 1000, reason: 'time' })
  await stage.poke(conversationId, 1000)
  const fanout = stage.client.workflow.getHandle(groupFanout.workflowId(conversationId))
  const { runId: firstRunId } = await fanout.describe()
  const hasSuccessor = async () => (await fanout.describe()).runId !== firstRunId
  await waitFor(hasSuccessor, { timeoutMs: 30_000, what: 'a successor' })
  stage.activities.settle = async () => settledUpTo(1000)
  await untilProgress(stage, conversationId, ({ settledSeq }) => settledSeq === 1000)
  return { workflowId: fanout.workflowId, firstRunId }
}

function untilProgress(
  stage: WorkflowStage,
  conversationId: string,
  isSo: (progress: FanoutProgress) => boolean,
): Promise<unknown> {
  return waitFor(async () => isSo(await stage.fanoutProgress(conversationId)), {
    timeoutMs: 15_000,
    what: 'progress of a fan-out',
  })
}
