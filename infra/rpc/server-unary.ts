import type { DescMethod } from '@bufbuild/protobuf'
import type { handleUnaryCall } from '@grpc/grpc-js'

import { AppError, toAppError } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'

import { labelOf, type CallMetrics } from './call-metrics.ts'
import { createContext, metadataReader } from './context.ts'
import type { AnyUnaryHandler } from './service.ts'
import { toStatus } from './status.ts'

export interface ServerCallDeps {
  readonly log: Logger
  readonly metrics: CallMetrics
  readonly draining: AbortSignal
  /** For callers that brought no deadline. */
  readonly defaultTimeoutMs: number
  /** Takes a place among the calls under way; false when all are taken. */
  readonly enter: () => boolean
  readonly leave: () => void
}

export function unaryHandler(
  method: DescMethod,
  handler: AnyUnaryHandler,
  deps: ServerCallDeps,
): handleUnaryCall<object, object> {
  return (call, respond) => {
    const startedAt = performance.now()
    if (!deps.enter()) {
      deps.metrics.observe(method, startedAt, 'OVERLOADED')
      respond(toStatus(new AppError('OVERLOADED', { message: 'Too many calls under way.' })))
      return
    }
    const asked = call.getDeadline()
    const hasDeadline = asked instanceof Date || Number.isFinite(asked)
    const deadline = hasDeadline ? new Date(asked) : new Date(Date.now() + deps.defaultTimeoutMs)
    const { context, abort } = createContext(deadline, deps.draining, metadataReader(call.metadata))

    let isAnswered = false
    const finish = (error: AppError | undefined, response?: object) => {
      if (isAnswered) return
      isAnswered = true
      clearTimeout(timer)
      deps.metrics.observe(method, startedAt, error?.code ?? 'OK')
      if (error === undefined) respond(null, response)
      else respond(toStatus(error))
    }
    const giveUp = () => {
      if (isAnswered) return
      const error = new AppError('DEADLINE_EXCEEDED')
      abort(error)
      finish(error)
    }
    // grpc-js ends a call at the deadline that came with it, and says 'cancelled'; also after every answer.
    const timer = hasDeadline ? undefined : setTimeout(giveUp, deps.defaultTimeoutMs)
    call.on('cancelled', giveUp)

    run(handler, call.request, context)
      .then(
        (response) => finish(undefined, response),
        (thrown: unknown) => {
          const error = toAppError(thrown)
          logFailure(deps.log, method, error)
          finish(error)
        },
      )
      .finally(deps.leave)
  }
}

/** A handler may also throw before it returns a promise. */
async function run(handler: AnyUnaryHandler, ...args: Parameters<AnyUnaryHandler>): Promise<object> {
  return handler(...args)
}

export function logFailure(log: Logger, method: DescMethod, error: AppError): void {
  if (error.code === 'INTERNAL') log.error({ err: error, method: labelOf(method) }, 'handler failed')
  else log.debug({ code: error.code, method: labelOf(method) }, 'call refused')
}
