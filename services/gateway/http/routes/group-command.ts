import type { TSchema } from 'typebox'
import type { ErrorCode } from '#infra/errors/index.ts'
import type { CommandResult } from '../../ports.ts'
import { Outcome } from '../schemas/conversation.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'

interface Described {
  readonly operationId: string
  readonly summary: string
  readonly description: string
}

/** What routes that change a group on the message path have in common. `codes`: beside those that any of them may answer. */
export function groupCommand<const Input extends { readonly params: TSchema; readonly body?: TSchema }>(
  described: Described,
  input: Input,
  ...codes: readonly ErrorCode[]
) {
  const refusals = ['CONVERSATION_NOT_FOUND', 'FORBIDDEN', 'IDEMPOTENCY_CONFLICT', ...codes] as const
  return {
    ...described,
    tags: ['groups'],
    ...input,
    response: {
      200: answer('What became of it.', Outcome.ref),
      ...failures(['bearer', 'body', 'command'], ...refusals),
    },
  }
}

export function outcomeView({ outcome = 'applied', seq }: CommandResult) {
  return { outcome, ...(seq === undefined ? {} : { seq }) }
}
