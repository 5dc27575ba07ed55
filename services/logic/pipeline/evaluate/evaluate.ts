/**
 * Station 7 of the message path. Before: services/logic/pipeline/validate.ts. After: services/logic/authorize.ts.
 * Each command of a batch is decided in order, on top of what the earlier ones would change.
 */
import { authorize, type Refusal } from '../../authorize.ts'
import type { Answers } from '../answers.ts'
import type { Conversation } from '../conversation.ts'
import type { FailedFrames } from '../failed-frames.ts'
import { isSameHash, type Item, type Plan } from '../item.ts'
import type { Knowledge } from '../knowledge.ts'
import type { Overlay } from '../overlay.ts'
import { evaluateAdd } from './add.ts'
import { evaluateApprove, evaluateReject } from './decide-request.ts'
import { evaluateDissolve } from './dissolve.ts'
import { refuse } from './entry.ts'
import { evaluateJoin } from './join.ts'
import { evaluateLeave } from './leave.ts'
import { evaluateMuteAll } from './mute-all.ts'
import { evaluateMute } from './mute.ts'
import { evaluateRead } from './read.ts'
import { conflict, malformed, passedOver, precedingFailed } from './refusals.ts'
import { evaluateRemove } from './remove.ts'
import { evaluateRename } from './rename.ts'
import { evaluateSend } from './send.ts'
import { evaluateSetAnnouncement } from './set-announcement.ts'
import { evaluateSetJoinMode } from './set-join-mode.ts'
import { evaluateSetRole } from './set-role.ts'
import { evaluateTransfer } from './transfer.ts'
import { evaluateTyping } from './typing.ts'
import { evaluateWithdraw } from './withdraw.ts'
import { createWorks, type Evaluation, type Works } from './works.ts'

export interface EvaluateInput {
  readonly items: readonly Item[]
  /** Passed over before: only looked up, nothing is written. */
  readonly isReplay: boolean
  readonly states: { get(conversationId: string): Conversation | undefined }
  /** Above it a conversation becomes large. */
  readonly threshold: number
  readonly knowledge: Knowledge
  /** What the database said about ids of this batch. */
  readonly answers: Answers
  /** What the database or an evaluation choked on. */
  readonly poisoned: ReadonlyMap<Item, Refusal>
  readonly failedFrames: FailedFrames
  readonly nowMs: number
}

/** Raised by the evaluation of one item: that item is poison, the others are evaluated again without it. */
export class EvaluationFault extends Error {
  override readonly name = 'EvaluationFault'
  readonly item: Item

  constructor(item: Item, cause: unknown) {
    super('a command could not be evaluated', { cause })
    this.item = item
  }
}

/**
 * Decides the plan of every item, in order, and gathers what
 * the database is to do. Pure but for the plans: states do not change, and the same input gives the same plans.
 */
export function evaluate(input: EvaluateInput): Evaluation {
  const works = createWorks(input.states, input.threshold, input.knowledge)
  const firsts = new Map<string, Item>()
  for (const item of input.items) {
    try {
      item.plan = decide(item, input, firsts, works)
    } catch (error) {
      throw new EvaluationFault(item, error)
    }
    works.gather(item)
  }
  return works
}

function decide(item: Item, input: EvaluateInput, firsts: Map<string, Item>, works: Works): Plan {
  const { key, command } = item
  if (item.fault !== undefined) return { is: 'refused', refusal: malformed }
  const poisoned = input.poisoned.get(item)
  if (poisoned !== undefined) return { is: 'refused', refusal: poisoned }

  if (key !== '') {
    const answer = input.answers.find(key)
    if (answer !== undefined) {
      return isSameHash(answer.contentHash, item.hash) ? { is: 'known', answer } : { is: 'refused', refusal: conflict }
    }
    if (input.isReplay) return { is: 'lookup', refusal: passedOver }
    if (input.failedFrames.isFailed(item)) return { is: 'lookup', refusal: precedingFailed }
    const first = firsts.get(key)
    if (first === undefined || isRetryable(first.plan)) firsts.set(key, item)
    else return isSameHash(first.hash, item.hash) ? { is: 'copy', of: first } : { is: 'refused', refusal: conflict }
  }

  if (command.body.case === 'announce') return { is: 'announce' }
  if (input.isReplay) return { is: 'noop' }
  const { overlay } = works.of(command.conversationId)
  return overlay === undefined ? notThere(item) : evaluateCommand(item, overlay, input)
}

function evaluateCommand(item: Item, overlay: Overlay, input: EvaluateInput): Plan {
  const { body } = item.command
  const { users } = input.knowledge
  switch (body.case) {
    case 'send':
      return evaluateSend(item, body.value, overlay, input.nowMs)
    case 'add':
      return evaluateAdd(item, body.value, overlay, users)
    case 'remove':
      return evaluateRemove(item, body.value, overlay)
    case 'leave':
      return evaluateLeave(item, overlay)
    case 'rename':
      return evaluateRename(item, body.value, overlay)
    case 'setAnnouncement':
      return evaluateSetAnnouncement(item, body.value, overlay)
    case 'setJoinMode':
      return evaluateSetJoinMode(item, body.value, overlay)
    case 'muteAll':
      return evaluateMuteAll(item, body.value, overlay)
    case 'mute':
      return evaluateMute(item, body.value, overlay)
    case 'setRole':
      return evaluateSetRole(item, body.value, overlay, users)
    case 'transfer':
      return evaluateTransfer(item, body.value, overlay, users)
    case 'dissolve':
      return evaluateDissolve(item, overlay)
    case 'join':
      return evaluateJoin(item, overlay, users)
    case 'withdraw':
      return evaluateWithdraw(item, overlay)
    case 'approve':
      return evaluateApprove(item, body.value, overlay, users)
    case 'reject':
      return evaluateReject(item, body.value, overlay)
    case 'read':
      return evaluateRead(item, body.value, overlay)
    case 'typing':
      return evaluateTyping(item, overlay, input.nowMs)
    default:
      return { is: 'noop' }
  }
}

function notThere(item: Item): Plan {
  const refusal = authorize(undefined, 'seeDetails', undefined) ?? malformed
  if (item.key !== '') return refuse(refusal)
  return item.command.body.case === 'typing' ? { is: 'noop' } : { is: 'refused', refusal }
}

function isRetryable(plan: Plan): boolean {
  return plan.is === 'lookup' && (plan.refusal === precedingFailed || plan.refusal === passedOver)
}
