import { status } from '@grpc/grpc-js'

interface ErrorEntry {
  readonly grpc: number
  readonly http: number
  /** WebSocket close code, where the error ends the connection. 4000–4499: reconnect; 4500–4999: do not. */
  readonly close?: number
  readonly retryable: boolean
  /** Advice to the client, in milliseconds, when the thrower knows nothing better. */
  readonly retryAfterMs?: number
  readonly message: string
}

/**
 * The one table of errors. HTTP, gRPC and WebSocket speak these names; `docs/errors.md` is checked against it.
 * Where the protocol itself closes (invalid UTF-8, oversize) the close code is the named error.
 */
export const errorTable = {
  // The request is wrong: sending it again changes nothing.
  INVALID_ARGUMENT: entry(status.INVALID_ARGUMENT, 400, 'A field is missing, unknown, or of the wrong type or range.'),
  INVALID_FRAME: entry(status.INVALID_ARGUMENT, 400, 'The frame is not JSON of a known type and shape.'),
  INVALID_UTF8: entry(status.INVALID_ARGUMENT, 400, 'Text must be valid UTF-8.', { close: 1007 }),
  FRAME_TOO_LARGE: entry(status.INVALID_ARGUMENT, 413, 'The frame is larger than the limit.', { close: 1009 }),
  PAYLOAD_TOO_LARGE: entry(status.INVALID_ARGUMENT, 413, 'The request body is larger than the limit.'),
  UNSUPPORTED_MEDIA_TYPE: entry(status.INVALID_ARGUMENT, 415, 'The request body must be application/json.'),
  METHOD_NOT_ALLOWED: entry(status.UNIMPLEMENTED, 405, 'This resource does not have that method.'),
  PROTOCOL_VIOLATION: entry(status.FAILED_PRECONDITION, 400, 'The frame is not allowed in this state.', {
    close: 4503,
  }),
  LIMIT_EXCEEDED: entry(status.FAILED_PRECONDITION, 422, 'A published limit would be exceeded.'),
  IDEMPOTENCY_CONFLICT: entry(status.ALREADY_EXISTS, 409, 'The same id was used before with other content.'),
  USERNAME_TAKEN: entry(status.ALREADY_EXISTS, 409, 'The user name is taken.'),

  // Who asks, and what they may see. Absent and not allowed to see look alike.
  UNAUTHENTICATED: entry(status.UNAUTHENTICATED, 401, 'The credentials are missing or not valid.', { close: 4500 }),
  TOKEN_EXPIRED: entry(status.UNAUTHENTICATED, 401, 'The access token has expired.', { close: 4501 }),
  AUTH_TIMEOUT: entry(status.UNAUTHENTICATED, 401, 'No credentials came in time.', { close: 4502 }),
  SESSION_REVOKED: entry(status.UNAUTHENTICATED, 401, 'This session has ended; log in again.', { close: 4504 }),
  ACCOUNT_SUSPENDED: entry(status.PERMISSION_DENIED, 403, 'The account is suspended.', { close: 4505 }),
  ORIGIN_NOT_ALLOWED: entry(status.PERMISSION_DENIED, 403, 'The origin is not on the allow-list.'),
  FORBIDDEN: entry(status.PERMISSION_DENIED, 403, 'The role in this conversation does not allow it.'),
  CONVERSATION_NOT_FOUND: entry(status.NOT_FOUND, 404, 'No such conversation for this user.'),
  USER_NOT_FOUND: entry(status.NOT_FOUND, 404, 'No such user.'),
  NOT_FOUND: entry(status.NOT_FOUND, 404, 'No such resource.'),

  // Not now: the same request, under the same id, may succeed later.
  RATE_LIMITED: entry(status.RESOURCE_EXHAUSTED, 429, 'Too many requests.', { retryable: true, retryAfterMs: 1000 }),
  TOO_MANY_CONNECTIONS: entry(status.RESOURCE_EXHAUSTED, 429, 'Too many connections.', {
    close: 4402,
    retryable: true,
    retryAfterMs: 5000,
  }),
  OVERLOADED: entry(status.UNAVAILABLE, 503, 'A queue is full.', { retryable: true, retryAfterMs: 500 }),
  UNAVAILABLE: entry(status.UNAVAILABLE, 503, 'A part of the system cannot be reached.', {
    retryable: true,
    retryAfterMs: 1000,
  }),
  DEADLINE_EXCEEDED: entry(status.DEADLINE_EXCEEDED, 504, 'It took too long; the outcome is unknown.', {
    retryable: true,
    retryAfterMs: 1000,
  }),
  ACK_TIMEOUT: entry(status.DEADLINE_EXCEEDED, 504, 'No result yet. The same id, sent again, gets the same answer.', {
    retryable: true,
    retryAfterMs: 1000,
  }),
  PRECEDING_FAILED: entry(status.ABORTED, 503, 'An earlier message of the same frame must be sent again first.', {
    retryable: true,
  }),
  FENCED: entry(status.ABORTED, 503, 'Another process owns this partition now.', { retryable: true }),
  INTERNAL: entry(status.INTERNAL, 500, 'Something broke on our side.', { retryable: true, retryAfterMs: 1000 }),

  // The connection ends; the client comes back.
  SLOW_CONSUMER: entry(status.RESOURCE_EXHAUSTED, 503, 'The client reads too slowly.', {
    close: 4400,
    retryable: true,
  }),
  HEARTBEAT_TIMEOUT: entry(status.DEADLINE_EXCEEDED, 503, 'No sign of life from the client.', {
    close: 4401,
    retryable: true,
  }),
  DRAINING: entry(status.UNAVAILABLE, 503, 'This server is going away; connect again.', {
    close: 1012,
    retryable: true,
    retryAfterMs: 100,
  }),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorTable, value)
}

/** The table's row, with its optional columns visible to the type checker. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorTable[code]
}

function entry(
  grpc: number,
  http: number,
  message: string,
  more: { close?: number; retryable?: boolean; retryAfterMs?: number } = {},
): ErrorEntry {
  return { grpc, http, message, retryable: false, ...more }
}
