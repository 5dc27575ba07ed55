import type { Logger } from '#infra/logger/index.ts'
import type { AppendStreamRequest, Rejected } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Refusal } from '../authorize.ts'
import { createAnswers, type Answers } from './answers.ts'
import type { AppendResult, Appender } from './append.ts'
import { confirmApplied, confirmStored } from './confirm.ts'
import { recordWith } from './consume.ts'
import { evaluate, EvaluationFault } from './evaluate/evaluate.ts'
import { partitionAdvance } from './evaluate/request.ts'
import type { Evaluation } from './evaluate/works.ts'
import type { FailedFrames } from './failed-frames.ts'
import type { Item, Poison } from './item.ts'
import type { Knowledge } from './knowledge.ts'
import type { PipelineMetrics } from './metrics.ts'
import type { States } from './state.ts'
import { withoutPartitions, type Batch } from './take.ts'

/** A batch whose effects are in the database: every plan is final, entries have their seq. */
export interface Settled {
  readonly batch: Batch
  readonly items: readonly Item[]
  readonly answers: Answers
  readonly createdAtMs: number
  /** Records of these partitions were left to their new owner. */
  readonly fenced: readonly number[]
  /** What was given up for good. */
  readonly poison: readonly Poison[]
}

export interface SettleDeps {
  readonly appender: Pick<Appender, 'append'>
  readonly states: States
  readonly failedFrames: FailedFrames
  readonly metrics: PipelineMetrics
  readonly log: Logger
  /** Loads the states that the items need and are missing, and what else they need to be decided. */
  prepare(items: readonly Item[], threshold: number, isCurrent: () => boolean): Promise<Knowledge>
  /** Above it a conversation becomes large. */
  threshold(): number
  readonly now: () => number
}

export interface Settler {
  /** @throws Abandoned when the assignment ended before anything was sent. */
  settle(batch: Batch, isCurrent: () => boolean): Promise<Settled>
}

/**
 * Carries a batch through as many rounds as it takes: evaluate, append, and when the database answers that some ids are
 * known, some entry is refused or some partition lost, leave those out and evaluate the rest again, on fresh overlays.
 * Every round leaves something out, so there is an end.
 */
export function createSettler(deps: SettleDeps): Settler {
  const { appender, states, failedFrames, metrics, log } = deps
  let lastNowMs = 0

  async function settle(taken: Batch, isCurrent: () => boolean): Promise<Settled> {
    let batch = taken
    let items = batch.records.flatMap((record) => record.items)
    const answers = createAnswers()
    const poisoned = new Map<Item, Refusal>()
    const fenced: number[] = []
    const found: Poison[] = []
    const finish = (all: readonly Item[]): Settled => {
      const poison = [...batch.records.flatMap((record) => record.poison), ...found]
      return { batch, items: all, answers, createdAtMs: nowMs, fenced, poison }
    }
    // One time and one threshold for all rounds: a request that was committed and is asked for again, less a lost partition,
    // must come out the same.
    const nowMs = Math.max(lastNowMs, deps.now())
    lastNowMs = nowMs
    const threshold = deps.threshold()

    for (;;) {
      if (batch.records.length === 0) return finish([])
      const knowledge = await deps.prepare(items, threshold, isCurrent)
      const { isReplay } = batch
      let evaluation: Evaluation
      try {
        evaluation = evaluate({
          items,
          isReplay,
          states,
          threshold,
          knowledge,
          answers,
          poisoned,
          failedFrames,
          nowMs,
        })
      } catch (error) {
        if (!(error instanceof EvaluationFault)) throw error
        poisoned.set(error.item, refused)
        found.push(poisonOf(error.item, 'evaluation'))
        log.error({ err: error.cause }, 'a command could not be evaluated')
        continue
      }
      const result = await append(requestOf(batch, evaluation, nowMs))
      switch (result.case) {
        case 'applied':
          answers.add(result.value.answers)
          confirmApplied(evaluation, result.value, deps)
          break
        case 'known':
          answers.add(result.value.answers)
          if (!result.value.alreadyApplied) {
            if (!items.some((item) => isNews(item, answers))) standStill(evaluation, poisoned)
            continue
          }
          confirmStored(evaluation, answers, nowMs, deps)
          break
        case 'rejected':
          for (const item of culpritsOf(evaluation, result.value, items)) {
            poisoned.set(item, refused)
            found.push(poisonOf(item, 'rejected'))
          }
          continue
        case 'fenced':
          metrics.fenced.inc(result.value.partitions.length)
          fenced.push(...result.value.partitions)
          batch = withoutPartitions(batch, result.value.partitions)
          items = batch.records.flatMap((record) => record.items)
          continue
      }
      if (isReplay) noteFailures(items, answers)
      return finish(items)
    }
  }

  async function append(request: AppendStreamRequest): Promise<AppendResult> {
    const startMs = performance.now()
    const result = await appender.append(request)
    metrics.appendSeconds.observe((performance.now() - startMs) / 1000)
    return result
  }

  /** The database knows an id that it does not name. Never seen; but it must not stop the partition. */
  function standStill(evaluation: Evaluation, poisoned: Map<Item, Refusal>): void {
    log.error('known ids without an answer: failing what the batch wanted to write')
    for (const [conversationId, { entryItems, outcomeItems }] of evaluation.works) {
      states.drop(conversationId)
      for (const item of [...entryItems, ...outcomeItems]) poisoned.set(item, unknownOutcome)
    }
  }

  function culpritsOf(evaluation: Evaluation, rejected: Rejected, items: readonly Item[]): readonly Item[] {
    const { conversationId, entryIndex, reason } = rejected
    log.error({ conversationId, reason }, 'the database refuses a command')
    states.drop(conversationId)
    const culprit = entryIndex < 0 ? undefined : evaluation.works.get(conversationId)?.entryItems[entryIndex]
    return culprit === undefined ? items.filter((item) => item.command.conversationId === conversationId) : [culprit]
  }

  function noteFailures(items: readonly Item[], answers: Answers): void {
    for (const item of items)
      if (item.plan.is === 'lookup' && answers.find(item.key) === undefined) failedFrames.fail(item)
  }

  return { settle }
}

const unknownOutcome: Refusal = { code: 'INTERNAL' }
function poisonOf({ command, partition, offset, index }: Item, reason: string): Poison {
  return { reason, partition, offset, index, value: recordWith(command) }
}

const refused: Refusal = { code: 'INVALID_ARGUMENT', message: 'It cannot be stored.' }

function requestOf(batch: Batch, evaluation: Evaluation, createdAtMs: number): AppendStreamRequest {
  const request: AppendStreamRequest = {
    $typeName: 'gochat.message.v1.AppendStreamRequest',
    requestId: 0,
    partitions: [],
    conversations: [],
    createdAtMs,
  }
  for (const { partition, epoch, from, to } of batch.advances.values()) {
    request.partitions.push(partitionAdvance(partition, epoch, from, to))
  }
  for (const { append } of evaluation.works.values()) {
    const { entries, outcomes, reads, lookups } = append
    if (entries.length + outcomes.length + reads.length + lookups.length > 0) request.conversations.push(append)
  }
  return request
}

function isNews(item: Item, answers: Answers): boolean {
  return item.plan.is !== 'known' && item.plan.is !== 'refused' && answers.find(item.key) !== undefined
}
