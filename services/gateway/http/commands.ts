import type { FastifyRequest } from 'fastify'
import { AppError, isErrorCode, type ErrorBody } from '#infra/errors/index.ts'
import { clientGone } from './client-gone.ts'
import type { CommandResult, NewCommand, Requests } from '../ports.ts'
import { identityOf } from './identity.ts'

/** Sends one command down the message path as the caller and gives its result. What the result refuses is thrown. */
export type RunCommand = (request: FastifyRequest, command: Omit<NewCommand, 'actorId'>) => Promise<CommandResult>

export function createRunCommand(requests: Requests, ackTimeoutMs: number): RunCommand {
  return async (request, command) => {
    const actorId = identityOf(request).userId
    const answer = await requests.submit({ ...command, actorId }, ackTimeoutMs, clientGone(request))
    const [result] = answer.results
    if (result === undefined) throw new AppError('INTERNAL', { message: 'an answer without a result' })
    if (result.error !== undefined) throw toAppError(result.error)
    return result
  }
}

function toAppError(error: ErrorBody): AppError {
  if (!isErrorCode(error.code)) return new AppError('INTERNAL', { message: 'a result with an unknown error' })
  return new AppError(error.code, {
    message: error.message,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(error.details === undefined ? {} : { details: error.details }),
  })
}
