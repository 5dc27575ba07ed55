import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SettleResult } from '#activities/contract.ts'
import { beginRun, nextStep, reduce, type FanoutEvent, type FanoutRun } from './group-fanout-state.ts'

const nobody = { live: 0, repaired: 0, pushed: 0, muted: 0, parked: 0, skipped: 0 }

function resultOf(settledSeq: number, more: Partial<SettleResult> = {}): SettleResult {
  const total = { ...nobody, live: settledSeq }
  return {
    settledSeq,
    headSeq: settledSeq,
    rounds: 1,
    members: 3,
    lastRound: total,
    total,
    membersPerSecond: 9,
    parked: [],
    reason: 'idle',
    ...more,
  }
}

function after(...events: FanoutEvent[]): FanoutRun {
  return events.reduce(reduce, beginRun({ conversationId: '100' }))
}

const poke = (headSeq: number): FanoutEvent => ({ kind: 'poke', argument: { headSeq } })
const skip = (argument?: unknown): FanoutEvent => ({ kind: 'skip', argument })
const settled = (settledSeq: number, more?: Partial<SettleResult>): FanoutEvent => ({
  kind: 'settled',
  result: resultOf(settledSeq, more),
})
const begin: FanoutEvent = { kind: 'begin' }

test('example: a poke has it settle; with nothing left it idles; pause and resume do as they say', () => {
  assert.equal(nextStep(after(poke(5))), 'settle')
  const idle = after(poke(5), begin, settled(5))
  assert.equal(nextStep(idle), 'idle')
  assert.deepEqual([idle.progress.settledSeq, idle.progress.members, idle.progress.total.live], [5, 3, 5])
  assert.equal(nextStep(reduce(idle, poke(6))), 'settle')
  const paused = reduce(idle, { kind: 'pause' })
  assert.deepEqual([nextStep(paused), paused.progress.state], ['wait', 'paused'])
  const resumed = reduce(paused, { kind: 'resume' })
  assert.deepEqual([nextStep(resumed), resumed.progress.state], ['settle', 'running'])
})

test('a fresh run looks once, poked or not', () => {
  assert.equal(nextStep(after()), 'settle')
})

test('a poke during an activity counts afterwards if it goes beyond the cursor', () => {
  assert.equal(nextStep(after(begin, poke(7), settled(6))), 'settle')
  assert.equal(nextStep(after(begin, poke(6), settled(6))), 'idle')
})

test('a poke beyond every entry has it look once, not for ever', () => {
  const looked = after(begin, settled(5), poke(1_000_000), begin, settled(5))
  assert.equal(nextStep(looked), 'idle')
  assert.equal(looked.progress.headSeq, 5)
})

test('an activity that ended for any other reason than idle is followed by another', () => {
  for (const reason of ['time', 'cancelled', 'parked'] as const) {
    assert.equal(nextStep(after(begin, settled(5, { reason }))), 'settle')
  }
  assert.equal(nextStep(after(begin, { kind: 'stopped' })), 'settle')
})

test('what was resumed or poked without a seq while an activity ran is looked at again', () => {
  assert.equal(nextStep(after(begin, { kind: 'pause' }, { kind: 'resume' }, settled(5))), 'settle')
  assert.equal(nextStep(after(begin, { kind: 'poke', argument: 'anything' }, settled(5))), 'settle')
})

test('an error that repeating does not cure blocks until resume, and is shown until something is settled', () => {
  const blocked = after(begin, { kind: 'failed', error: 'CONVERSATION_NOT_FOUND: none' }, poke(9))
  assert.deepEqual([nextStep(blocked), blocked.progress.state], ['wait', 'blocked'])
  const resumed = reduce(blocked, { kind: 'resume' })
  assert.deepEqual([nextStep(resumed), resumed.progress.lastError], ['settle', 'CONVERSATION_NOT_FOUND: none'])
  assert.equal(reduce(resumed, settled(9)).progress.lastError, '')
})

test('skips are joined, those behind the cursor go, and what is no range means all that is not settled', () => {
  const run = after(
    begin,
    settled(10, { headSeq: 50 }),
    skip({ fromSeq: 20, toSeq: 25 }),
    skip({ fromSeq: 26, toSeq: 30 }),
  )
  assert.deepEqual(run.progress.skips, [{ fromSeq: 20, toSeq: 30 }])
  assert.deepEqual(reduce(run, settled(30)).progress.skips, [])
  assert.deepEqual(reduce(run, settled(29)).progress.skips, [{ fromSeq: 20, toSeq: 30 }])
  for (const argument of [
    undefined,
    null,
    '[]',
    {},
    [],
    7,
    { fromSeq: 3 },
    { fromSeq: 9, toSeq: 3 },
    { fromSeq: '1', toSeq: '5' },
  ]) {
    const { progress } = after(begin, settled(10, { headSeq: 50 }), skip(argument))
    assert.deepEqual(progress.skips, [{ fromSeq: 11, toSeq: 50 }])
  }
  assert.deepEqual(after(begin, settled(50), skip()).progress.skips, [])
  assert.deepEqual(after(begin, settled(50), skip({ fromSeq: 1, toSeq: 50 })).progress.skips, [])
})

test('skips are bounded', () => {
  const many = Array.from({ length: 150 }, (_, index) => skip({ fromSeq: 3 * index + 1, toSeq: 3 * index + 1 }))
  assert.equal(after(...many).progress.skips.length, 100)
})

test('parked pages are told to the next activity only', () => {
  const page = {
    kind: 'page',
    conversationId: '100',
    fromSeq: 0,
    toSeq: 5,
    afterUserId: '',
    upToUserId: '9',
    reason: 'INTERNAL',
  } as const
  const parked = after(begin, settled(0, { reason: 'parked', parked: [page] }))
  assert.deepEqual(parked.parked, [page])
  assert.deepEqual(reduce(reduce(parked, begin), { kind: 'stopped' }).parked, [page])
  assert.deepEqual(reduce(reduce(parked, begin), settled(5)).parked, [])
})

test('a run goes on as its predecessor stood', () => {
  const { progress, isPaused, pokedSeq } = after(begin, settled(5), poke(8), { kind: 'pause' }, skip())
  const carried = { headSeq: pokedSeq, isPaused, skips: progress.skips, progress }
  const next = beginRun({ conversationId: '100', carried })
  assert.equal(nextStep(next), 'wait')
  assert.deepEqual(next.progress, progress)
  assert.equal(nextStep(reduce(next, { kind: 'resume' })), 'settle')
})

test('whatever comes in whatever order, no entry that is stored is forgotten', () => {
  const event = fc.constantFrom(
    'entry',
    'poke',
    'pause',
    'resume',
    'skip',
    'idle',
    'time',
    'cancelled',
    'failed' as const,
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (names) => {
      let stored = 1
      let run = after(poke(stored))
      let isActive = false
      for (const name of names) {
        if (!isActive && nextStep(run) === 'settle') {
          run = reduce(run, begin)
          isActive = true
        }
        if (name === 'entry') {
          stored += 1
          run = reduce(run, poke(stored))
        } else if (name === 'poke') run = reduce(run, poke(stored))
        else if (name === 'pause' || name === 'resume') run = reduce(run, { kind: name })
        else if (name === 'skip') run = reduce(run, skip())
        else if (isActive) {
          isActive = false
          const before = run.progress.settledSeq
          if (name === 'failed') run = reduce(run, { kind: 'failed', error: 'x' })
          else run = reduce(run, settled(name === 'idle' ? stored : before, { headSeq: stored, reason: name }))
        }
        if (!isActive && nextStep(run) === 'idle') assert.equal(run.progress.settledSeq, stored)
      }
    }),
  )
})
