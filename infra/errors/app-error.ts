import { errorEntry, isErrorCode, type ErrorCode } from './table.ts'

export interface AppErrorOptions {
  /** For developers. Never a body, a token or text that a user typed. Default: the table's message. */
  readonly message?: string
  readonly cause?: unknown
  /** Milliseconds; default: the table's. */
  readonly retryAfterMs?: number
  /** Shown to the client, so: names of fields, limits, ids that the client sent. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** The one error class: everything that a caller may see is one of these, and carries its own retryability. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    const entry = errorEntry(code)
    super(options.message ?? entry.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = entry.retryable
    this.retryAfterMs = options.retryAfterMs ?? entry.retryAfterMs
    this.details = options.details
  }
}

/** The error that a peer said, as `errorBody` makes it; undefined: the text is none. */
export function parseErrorBody(json: string): AppError | undefined {
  let body: ErrorBody
  try {
    body = JSON.parse(json) as ErrorBody
  } catch {
    return undefined
  }
  if (!isErrorCode(body?.code)) return undefined
  const { code, message, retryAfterMs, details } = body
  return new AppError(code, {
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(details === undefined ? {} : { details }),
  })
}

/** Wraps whatever was thrown: an AppError stays, an aborted or timed-out call is DEADLINE_EXCEEDED, the rest INTERNAL. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const name = error instanceof Error ? error.name : ''
  const code = name === 'AbortError' || name === 'TimeoutError' ? 'DEADLINE_EXCEEDED' : 'INTERNAL'
  return new AppError(code, { cause: error })
}

export interface ErrorBody {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable: boolean
  readonly retryAfterMs?: number
  readonly details?: Readonly<Record<string, unknown>>
  readonly traceId?: string
}

/** The one JSON shape of an error, on HTTP and on the WebSocket. Shows no cause and no stack. */
export function errorBody(error: AppError, traceId?: string): ErrorBody {
  return {
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(traceId === undefined ? {} : { traceId }),
  }
}
