import { AppError, type ErrorCode } from '../errors/index.ts'

/**
 * The work's own outcome, or after `timeoutMs` an AppError of that code. A function gets a signal that aborts then;
 * work given as a promise goes on unseen, and what it ends with is dropped.
 */
export async function withTimeout<T>(
  work: Promise<T> | ((signal: AbortSignal) => Promise<T>),
  timeoutMs: number,
  code: ErrorCode = 'DEADLINE_EXCEEDED',
): Promise<T> {
  const controller = new AbortController()
  const { promise: expired, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new AppError(code)
    reject(error)
    controller.abort(error)
  }, timeoutMs)
  try {
    return await Promise.race([typeof work === 'function' ? work(controller.signal) : work, expired])
  } finally {
    clearTimeout(timer)
  }
}
