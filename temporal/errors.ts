import { status } from '@grpc/grpc-js'
import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client'
import { AppError, toAppError, type ErrorCode } from '#infra/errors/index.ts'

/** What a call to Temporal ended with, in our words; the message is Temporal's own. */
export function translateError(error: unknown): AppError {
  if (error instanceof WorkflowNotFoundError) return new AppError('NOT_FOUND', { message: error.message, cause: error })
  // Calls of the client wrap what gRPC said, raw ones do not.
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error
  if (!isGrpcServiceError(cause)) return toAppError(error)
  return new AppError(byStatus[cause.code] ?? 'INTERNAL', { message: `Temporal: ${cause.details}`, cause: error })
}

const byStatus: Partial<Record<number, ErrorCode>> = {
  [status.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [status.NOT_FOUND]: 'NOT_FOUND',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  // A limit of the server's, or a workflow that is busy closing.
  [status.RESOURCE_EXHAUSTED]: 'OVERLOADED',
  [status.UNAVAILABLE]: 'UNAVAILABLE',
  // The connection went away under the call.
  [status.CANCELLED]: 'UNAVAILABLE',
}
