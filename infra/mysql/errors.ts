import { AppError } from '#infra/errors/index.ts'

/** A row with the same unique key exists. Sees through the AppError that wraps it. */
export function isDuplicateKey(error: unknown): boolean {
  return errnoOf(error) === DUPLICATE_KEY
}

/** The server rolled the transaction (or the statement) back because of other transactions: the same work may be done again. */
export function isDeadlock(error: unknown): boolean {
  const errno = errnoOf(error)
  return errno === DEADLOCK || errno === LOCK_WAIT_TIMEOUT
}

/** True when the error says that the connection is lost. */
export function isConnectionBroken(error: unknown): boolean {
  const { fatal, code } = asSqlError(error instanceof AppError ? error.cause : error)
  return fatal === true || (code !== undefined && connectionCodes.has(code))
}

/**
 * Gives errors that say something about the server their name: lost or refused connection → UNAVAILABLE, statement given up by
 * the server → DEADLINE_EXCEEDED. Errors about the statement (duplicate key, syntax, …) stay as they are, for the caller to recognise.
 */
export function translateError(error: unknown): Error {
  if (error instanceof AppError) return error
  const { code, errno } = asSqlError(error)
  if (errno !== undefined && statementTimeouts.has(errno)) {
    return new AppError('DEADLINE_EXCEEDED', { message: 'MySQL gave the statement up.', cause: error })
  }
  const isServerGone = errno !== undefined && serverErrnos.has(errno)
  if (isServerGone || isConnectionBroken(error)) {
    return new AppError('UNAVAILABLE', {
      message: `MySQL cannot be reached (${code ?? errno ?? 'lost'}).`,
      cause: error,
    })
  }
  return error instanceof Error ? error : new Error(String(error))
}

const DUPLICATE_KEY = 1062
const DEADLOCK = 1213
const LOCK_WAIT_TIMEOUT = 1205

/** The server's own limit on a statement: MariaDB, MySQL. */
const statementTimeouts = new Set([1969, 3024])

const connectionCodes = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Shutdown in progress, too many connections (of the user), killed, host blocked, lost while querying, read only during a fail-over. */
const serverErrnos = new Set([1053, 1040, 1203, 1226, 1317, 1129, 1927, 2006, 2013, 1290, 1836])

interface SqlError {
  readonly errno?: number
  readonly code?: string
  readonly fatal?: boolean
}

function asSqlError(error: unknown): SqlError {
  return typeof error === 'object' && error !== null ? (error as SqlError) : {}
}

function errnoOf(error: unknown): number | undefined {
  return asSqlError(error instanceof AppError ? error.cause : error).errno
}
