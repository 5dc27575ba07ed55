/**
 * Errors: one table of names, and the one class that carries them.
 * Promises: every error that leaves a process is a row of the table and says whether the same request may succeed later.
 * Promises: HTTP, gRPC and WebSocket give the same name for the same thing.
 * Does not: hold user text. A message is for developers; details hold names of fields and limits.
 * Use: `throw new AppError('CONVERSATION_NOT_FOUND')`; at an edge, `errorBody(toAppError(error))`.
 */
export { AppError, errorBody, parseErrorBody, toAppError, type AppErrorOptions, type ErrorBody } from './app-error.ts'
export { errorEntry, errorTable, isErrorCode, type ErrorCode } from './table.ts'
