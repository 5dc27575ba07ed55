import { trace } from '@opentelemetry/api'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError, errorBody, errorEntry, toAppError, type ErrorCode } from '#infra/errors/index.ts'

/** What Fastify itself throws. */
const codesOfFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_HANDLER_TIMEOUT: 'DEADLINE_EXCEEDED',
}

/** Every refusal leaves here: the table's status, the one JSON shape, and when to come back. */
export function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = toFailure(error)
  request.setDecorator('failure', failure)
  return answer(failure, request, reply)
}

/** For what fails before a route is found: there are no hooks and no decorators. */
export function sendEarlyFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  void answer(toFailure(error), request, reply.header('x-request-id', request.id))
}

/** What went wrong with this request, for its log line. */
export function failureOf(request: FastifyRequest): AppError | null {
  return request.getDecorator<AppError | null>('failure')
}

function answer(failure: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (failure.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(failure.retryAfterMs / 1000))
  const traceId = trace.getActiveSpan()?.spanContext().traceId ?? request.id
  return reply
    .code(errorEntry(failure.code).http)
    .type('application/json; charset=utf-8')
    .send({ error: errorBody(failure, traceId) })
}

function toFailure(error: unknown): AppError {
  if (error instanceof AppError) return error
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  const known = typeof code === 'string' ? codesOfFastify[code] : undefined
  if (known !== undefined) return new AppError(known, { cause: error })
  const isClientError = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
  return isClientError ? new AppError('INVALID_ARGUMENT', { cause: error }) : toAppError(error)
}
