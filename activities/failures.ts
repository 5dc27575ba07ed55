import { inspect } from 'node:util'
import { log } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import type { ActivityInterceptorsFactory } from '@temporalio/worker'
import { errorEntry, toAppError, type AppError } from '#infra/errors/index.ts'

/**
 * Makes of what activities throw what Temporal understands: the error's name as its type, its own retryability, and when to
 * try again. Details and causes stay here: a failure is kept in the history.
 */
export const failureInterceptor: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      try {
        return await next(input)
      } catch (error) {
        if (error instanceof CancelledFailure) throw error
        const known = toAppError(error)
        if (known.code === 'INTERNAL') log.error('an activity broke', { cause: inspect(known.cause ?? known) })
        throw toFailure(known)
      }
    },
  },
})

function toFailure({ code, message, retryable, retryAfterMs }: AppError): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: !retryable,
    // The table's own advice is for clients; a workflow's policy backs off.
    ...(retryAfterMs === errorEntry(code).retryAfterMs ? {} : { nextRetryDelay: retryAfterMs! }),
  })
}
