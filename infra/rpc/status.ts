import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js'

import { AppError, errorBody, errorEntry, parseErrorBody, type ErrorCode } from '#infra/errors/index.ts'

/** An AppError as gRPC says it: its status, and itself as JSON in the trailers. */
export function toStatus(error: AppError): Pick<StatusObject, 'code' | 'details' | 'metadata'> {
  const metadata = new Metadata()
  const body = errorBody(error)
  const text = asciiJson(body)
  // Trailers have a limit of some kilobytes; details that do not fit are left out rather than the whole answer.
  metadata.set(
    trailer,
    text.length <= maxTrailerBytes ? text : asciiJson({ ...body, message: short(body.message), details: {} }),
  )
  return { code: errorEntry(error.code).grpc, details: short(error.message), metadata }
}

/** What a call ended with, as an AppError again. A status from grpc-js itself, not from our server, gets the nearest name. */
export function fromStatus(error: Pick<ServiceError, 'code' | 'details' | 'metadata'>): AppError {
  const said = error.metadata?.get(trailer)[0]
  const ours = typeof said === 'string' ? parseErrorBody(said) : undefined
  if (ours !== undefined) return ours
  const code = byStatus[error.code] ?? 'INTERNAL'
  return new AppError(code, { message: `gRPC ${status[error.code] ?? error.code}: ${error.details}`, cause: error })
}

const trailer = 'gochat-error'
const maxTrailerBytes = 6_000

/** Only what grpc-js, a proxy or a server of another make says by itself. */
const byStatus: Partial<Record<number, ErrorCode>> = {
  [status.UNAVAILABLE]: 'UNAVAILABLE',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  // By the server, cut off in the middle; what the caller itself cancels never comes here.
  [status.CANCELLED]: 'UNAVAILABLE',
  // grpc-js: the message is larger than the limit.
  [status.RESOURCE_EXHAUSTED]: 'PAYLOAD_TOO_LARGE',
  [status.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
  [status.PERMISSION_DENIED]: 'FORBIDDEN',
  [status.NOT_FOUND]: 'NOT_FOUND',
}

/** Metadata takes printable ASCII only. */
function asciiJson(body: object): string {
  return JSON.stringify(body).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function short(message: string): string {
  return message.length <= 500 ? message : `${message.slice(0, 500)}…`
}
