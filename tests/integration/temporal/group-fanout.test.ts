import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { Context } from '@temporalio/activity'
import type { SettleInput } from '#activities/contract.ts'
import { AppError } from '#infra/errors/index.ts'
import { stackEnv, waitFor } from '#infra/testing/index.ts'
import { deadLetter, groupFanout, type FanoutProgress } from '#workflows/contracts.ts'
import { textsIn } from '../../support/scan-history.ts'
import { openWorkflowStage, quietRuntime, settledUpTo } from '../../support/workflow-stage.ts'

quietRuntime()
const { temporalAddress: address, temporalNamespace: namespace } = stackEnv()
const stage = await openWorkflowStage({ address, namespace })
after(() => stage[Symbol.asyncDispose]())

/** A conversation whose entries are settled up to `head` by whatever activity comes, unless it is replaced. */
function conversation() {
  const conversationId = randomUUID()
  const calls: SettleInput[] = []
  const self = {
    conversationId,
    calls,
    head: 0,
    fanout: stage.client.workflow.getHandle(groupFanout.workflowId(conversationId)),
    settle: async (input: SettleInput) => settledUpTo(Math.max(self.head, input.skips.at(-1)?.toSeq ?? 0)),
    async poke(headSeq: number) {
      self.head = headSeq
      await stage.poke(conversationId, headSeq)
    },
    until: (what: string, isSo: (progress: FanoutProgress) => boolean) =>
      waitFor(async () => isSo(await stage.fanoutProgress(conversationId)), { timeoutMs: 15_000, what }),
    /** Visibility is behind by a moment. */
    untilFound: (query: string) =>
      waitFor(
        async () => (await stage.client.workflow.count(`ImConversationId="${conversationId}" AND ${query}`)).count > 0,
        {
          timeoutMs: 15_000,
          what: query,
        },
      ),
  }
  stage.activities.settle = (input) => {
    calls.push(input)
    return self.settle(input)
  }
  return self
}

/** Stands still until it is told to stop, and says how far it is. */
function settleUntilCancelled(settledSeq: number) {
  const { promise: isSettling, resolve } = Promise.withResolvers<void>()
  const settle = async () => {
    const { cancelled, heartbeat } = Context.current()
    const beating = setInterval(() => heartbeat(), 50)
    resolve()
    await cancelled.catch(() => undefined)
    clearInterval(beating)
    return settledUpTo(settledSeq, { headSeq: 10, reason: 'cancelled' })
  }
  return { isSettling, settle }
}

test('a hundred pokes while one activity works are one more activity', async () => {
  const at = conversation()
  const gate = Promise.withResolvers<void>()
  at.settle = async () => {
    const { head } = at
    await gate.promise
    return settledUpTo(head)
  }
  await at.poke(1)
  await waitFor(() => at.calls.length === 1, { what: 'the first activity' })
  for (let headSeq = 2; headSeq <= 100; headSeq += 1) await at.poke(headSeq)
  gate.resolve()
  await at.until('the head', ({ settledSeq }) => settledSeq === 100)
  assert.equal(at.calls.length, 2)
})

test('paused, it says where it is and settles nothing; resumed, it goes on; both are found by their state', async () => {
  const at = conversation()
  const working = settleUntilCancelled(4)
  at.settle = working.settle
  await at.poke(10)
  await working.isSettling
  await at.fanout.signal(groupFanout.pause)
  await at.until('a pause at 4', ({ state, settledSeq }) => state === 'paused' && settledSeq === 4)
  await at.untilFound('ImState="paused" AND ImTaskKind="groupFanout" AND ImLag=6')

  await at.poke(20)
  await at.until('the new head', ({ headSeq }) => headSeq === 20)
  assert.equal(at.calls.length, 1)
  at.settle = async () => settledUpTo(at.head)
  await at.fanout.signal(groupFanout.resume, 'any argument')
  await at.until('the head', ({ state, settledSeq }) => state === 'running' && settledSeq === 20)
  await at.untilFound('ImState="running"')
})

test('skip stops what works and has it start again without those entries; without a range, without all', async () => {
  const at = conversation()
  const working = settleUntilCancelled(4)
  at.settle = working.settle
  await at.poke(10)
  await working.isSettling
  at.settle = async () => settledUpTo(at.head)
  await at.fanout.signal(groupFanout.skip, { fromSeq: 6, toSeq: 8 })
  await at.until('the head', ({ settledSeq }) => settledSeq === 10)
  assert.deepEqual(at.calls.at(-1)?.skips, [{ fromSeq: 6, toSeq: 8 }])

  await at.fanout.signal(groupFanout.pause)
  await at.poke(30)
  await at.fanout.signal(groupFanout.skip)
  await at.until('a skip of all', ({ skips }) => skips.length > 0)
  await at.fanout.signal(groupFanout.resume)
  await at.until('the head', ({ settledSeq, skips }) => settledSeq === 30 && skips.length === 0)
  assert.deepEqual(at.calls.at(-1)?.skips, [{ fromSeq: 11, toSeq: 30 }])
})

test('a parked page has its dead letter before the round goes on, and the letter outlives the fan-out', async () => {
  const at = conversation()
  const letter = {
    kind: 'page',
    conversationId: at.conversationId,
    fromSeq: 0,
    toSeq: 5,
    afterUserId: '',
    upToUserId: '9',
    reason: 'UNAVAILABLE',
  } as const
  const handle = stage.client.workflow.getHandle(deadLetter.workflowId(letter))
  at.settle = async ({ parked }) => {
    if (parked.length === 0) return settledUpTo(0, { headSeq: 5, reason: 'parked', parked: [letter] })
    assert.equal((await handle.query(deadLetter.progress)).state, 'parked')
    return settledUpTo(5)
  }
  await at.poke(5)
  await at.until('the head', ({ settledSeq }) => settledSeq === 5)
  assert.deepEqual(at.calls.at(-1)?.parked, [letter])
  await at.untilFound('WorkflowType="deadLetter" AND ImErrorType="UNAVAILABLE"')

  await at.fanout.terminate()
  const redriven: unknown[] = []
  stage.activities.settlePage = async (page) => void redriven.push(page)
  await handle.signal(deadLetter.redrive)
  assert.equal(((await handle.result()) as { state: string }).state, 'redriven')
  assert.deepEqual(redriven, [letter])
})

test('an error that repeating does not cure blocks it and says why, until an operator resumes', async () => {
  const at = conversation()
  at.settle = async () => Promise.reject(new AppError('CONVERSATION_NOT_FOUND'))
  await at.poke(5)
  await at.until('a block', ({ state }) => state === 'blocked')
  assert.match((await stage.fanoutProgress(at.conversationId)).lastError, /^CONVERSATION_NOT_FOUND: /)
  at.settle = async () => settledUpTo(5)
  await at.fanout.signal(groupFanout.resume)
  await at.until('the head', ({ settledSeq }) => settledSeq === 5)
})

test('an activity that fails in a way that passes is tried again', async () => {
  const at = conversation()
  at.settle = async () => {
    if (at.calls.length === 1) throw new AppError('FENCED')
    return settledUpTo(5)
  }
  await at.poke(5)
  await at.until('the head', ({ settledSeq }) => settledSeq === 5)
  assert.equal(at.calls.length, 2)
})

test('its history holds ids and numbers, and a scan of it sees what payloads hold', async () => {
  const at = conversation()
  await at.poke(5)
  await at.until('the head', ({ settledSeq }) => settledSeq === 5)
  const texts = [...textsIn(await at.fanout.fetchHistory())]
  assert.ok(texts.some((text) => text.includes(`"conversationId":"${at.conversationId}"`)))
})
