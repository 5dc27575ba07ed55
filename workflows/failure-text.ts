import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow'

/** Why an activity failed, in a line that operators read: the name in the table of errors, and what it says to developers. */
export function failureText(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error
  if (cause instanceof ApplicationFailure) return `${cause.type ?? 'INTERNAL'}: ${cause.message}`
  return cause instanceof Error ? cause.message : 'unknown'
}
