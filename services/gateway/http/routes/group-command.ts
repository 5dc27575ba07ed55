import type { FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import type { ErrorCode } from '#infra/errors/index.ts'
import type { NewCommand } from '../../ports.ts'
import type { RunCommand } from '../commands.ts'
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

type GroupRequest = FastifyRequest & { readonly params: { readonly conversationId: string } }

/** For the handlers of such routes: runs a command on the group of the path, as the caller, and says what became of it. */
export function groupRunner(runCommand: RunCommand) {
  return async (request: GroupRequest, id: string, body: NewCommand['body']) => {
    const { conversationId } = request.params
    const { outcome = 'applied', seq } = await runCommand(request, { id, conversationId, body })
    return { outcome, ...(seq === undefined ? {} : { seq }) }
  }
}
