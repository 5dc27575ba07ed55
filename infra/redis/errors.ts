import { AppError } from '#infra/errors/index.ts'

/** Not connected, or lost while waiting → UNAVAILABLE; no answer in time → DEADLINE_EXCEEDED; what Redis itself answered stays. */
export function translateError(error: unknown): Error {
  if (error instanceof AppError) return error
  if (!(error instanceof Error)) return new Error(String(error))
  if (error.name === 'ReplyError') return error
  const code = error.message === 'Command timed out' ? 'DEADLINE_EXCEEDED' : 'UNAVAILABLE'
  return new AppError(code, { message: `Redis: ${error.message}`, cause: error })
}
