import { isValid, monotonicFactory } from 'ulid'

/** A generator of ULIDs (26 characters, sorted by time, growing within one millisecond too). One per process or client. */
export function createUlid(): () => string {
  const next = monotonicFactory()
  return () => next()
}

export function isUlid(value: string): boolean {
  return isValid(value)
}
