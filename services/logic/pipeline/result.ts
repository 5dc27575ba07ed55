import { isErrorCode } from '#infra/errors/index.ts'
import type { StoredAnswer } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Refusal } from '../authorize.ts'
import type { Answers } from './answers.ts'
import { conflict } from './evaluate/refusals.ts'
import { isSameHash, type Item, type Plan } from './item.ts'
import { commandResult, errorResult, storedResult, type CommandOutcome } from './payload.ts'

/** What was stored for an item before this batch, and for the same content; undefined: nothing. */
export function storedAnswer({ plan, key, hash }: Item, answers: Answers): StoredAnswer | undefined {
  if (plan.is === 'known') return plan.answer
  const found = plan.is === 'lookup' ? answers.find(key) : undefined
  return found !== undefined && isSameHash(found.contentHash, hash) ? found : undefined
}

/** What went wrong with an item; undefined: nothing. */
export function refusalOf(item: Item, answers: Answers): Refusal | undefined {
  const { plan } = item
  const stored = storedAnswer(item, answers)
  if (stored !== undefined) return isErrorCode(stored.outcome) ? { code: stored.outcome } : undefined
  switch (plan.is) {
    case 'copy':
      return refusalOf(plan.of, answers)
    case 'outcome':
      return plan.refusal
    case 'lookup':
      return answers.find(item.key) === undefined ? plan.refusal : conflict
    case 'refused':
      return plan.refusal
    default:
      return undefined
  }
}

/** The item's result in an ack frame, as JSON. */
export function resultOf(item: Item, answers: Answers, createdAtMs: number): string {
  const { command, plan } = item
  const isMessage = command.body.case === 'send'
  const refusal = refusalOf(item, answers)
  if (refusal !== undefined) return errorResult(isMessage, command.id, refusal)

  const stored = storedAnswer(plan.is === 'copy' ? plan.of : item, answers)
  if (stored?.entry !== undefined) {
    const { seq, createdAtMs } = stored.entry
    return isMessage ? storedResult(command.id, seq, createdAtMs, true) : commandResult(command.id, 'applied', seq)
  }
  const decided = plan.is === 'copy' ? plan.of.plan : plan
  if (decided.is === 'entry') {
    const { seq } = decided
    if (!isMessage) return commandResult(command.id, 'applied', seq)
    return storedResult(command.id, seq, createdAtMs, plan.is === 'copy')
  }
  return commandResult(command.id, stored === undefined ? outcomeOf(decided) : (stored.outcome as CommandOutcome))
}

function outcomeOf(plan: Plan): CommandOutcome {
  if (plan.is === 'request') return plan.outcome
  return plan.is === 'quiet' || plan.is === 'read' ? 'applied' : 'noop'
}

export type OutcomeLabel = 'applied' | 'noop' | 'duplicate' | 'refused' | 'retry'

/** For metrics. */
export function outcomeLabel(item: Item, answers: Answers, isRetryable: (refusal: Refusal) => boolean): OutcomeLabel {
  if (item.plan.is === 'copy' || storedAnswer(item, answers) !== undefined) return 'duplicate'
  const refusal = refusalOf(item, answers)
  if (refusal !== undefined) return isRetryable(refusal) ? 'retry' : 'refused'
  const { plan } = item
  const isNoop = plan.is === 'noop' || plan.is === 'outcome' || (plan.is === 'request' && plan.outcome === 'noop')
  return isNoop ? 'noop' : 'applied'
}
