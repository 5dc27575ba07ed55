import type { Logger } from '#infra/logger/index.ts'
import type { Applied } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Answers } from './answers.ts'
import { passedOver } from './evaluate/refusals.ts'
import type { Evaluation, Work } from './evaluate/works.ts'
import type { Item } from './item.ts'
import type { States } from './state.ts'

export interface ConfirmDeps {
  readonly states: States
  readonly log: Logger
}

/** Committed: the overlays become the states, if the database numbered the entries as they were evaluated. */
export function confirmApplied(evaluation: Evaluation, { heads }: Applied, deps: ConfirmDeps): void {
  const lastSeqs = new Map(heads.map(({ conversationId, lastSeq }) => [conversationId, lastSeq]))
  for (const [conversationId, work] of evaluation.works) {
    const lastSeq = lastSeqs.get(conversationId)
    const expected = work.overlay?.lastSeq
    const isExpected = lastSeq === undefined ? work.entryItems.length === 0 : lastSeq === (expected ?? lastSeq)
    for (const [index, item] of work.entryItems.entries()) {
      if (lastSeq === undefined) giveUp(item)
      else if (item.plan.is === 'entry') item.plan.seq = lastSeq - work.entryItems.length + 1 + index
    }
    finish(conversationId, work, isExpected, deps)
  }
}

/** Committed before, and the answer was lost: what is stored tells what became of each wish. */
export function confirmStored(evaluation: Evaluation, answers: Answers, createdAtMs: number, deps: ConfirmDeps): void {
  for (const [conversationId, work] of evaluation.works) {
    let isExpected = true
    for (const item of [...work.entryItems, ...work.outcomeItems]) {
      if (isAsPlanned(item, answers, createdAtMs)) continue
      isExpected = false
      const answer = answers.find(item.key)
      if (answer === undefined) giveUp(item)
      else item.plan = { is: 'known', answer }
    }
    finish(conversationId, work, isExpected, deps)
  }
}

function isAsPlanned({ key, plan }: Item, answers: Answers, createdAtMs: number): boolean {
  const answer = answers.find(key)
  if (plan.is === 'outcome' || plan.is === 'request') return answer?.outcome === plan.outcome
  if (plan.is === 'quiet') return answer?.outcome === 'applied' && answer.entry === undefined
  return plan.is === 'entry' && answer?.entry?.seq === plan.seq && answer.entry.createdAtMs === createdAtMs
}

/** Its seq is not known: the client asks again under the same id. */
function giveUp(item: Item): void {
  item.plan = { is: 'lookup', refusal: passedOver }
}

function finish(conversationId: string, work: Work, isExpected: boolean, { states, log }: ConfirmDeps): void {
  const { append, overlay } = work
  if (isExpected) {
    overlay?.apply(append.deliveryClass)
    return
  }
  log.error({ conversationId, expected: overlay?.lastSeq }, 'a conversation is not as its owner holds it')
  states.drop(conversationId)
}
