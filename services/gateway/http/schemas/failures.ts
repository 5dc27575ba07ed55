import { Type, type TSchema } from 'typebox'
import { errorEntry, type ErrorCode } from '#infra/errors/index.ts'
import { ErrorBody } from '#proto/frames/index.ts'
import { component } from './component.ts'

/** The one shape of every refusal. */
export const Failure = component('Failure', Type.Object({ error: ErrorBody }))

/** What a route may answer because of what it is. */
const codesOf = {
  any: [
    'INVALID_ARGUMENT',
    'ORIGIN_NOT_ALLOWED',
    'RATE_LIMITED',
    'INTERNAL',
    'UNAVAILABLE',
    'OVERLOADED',
    'DRAINING',
    'DEADLINE_EXCEEDED',
  ],
  /** Every method that may have a body, also where none is asked for. */
  body: ['INVALID_UTF8', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'],
  bearer: ['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'SESSION_REVOKED', 'ACCOUNT_SUSPENDED'],
  admin: ['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'SESSION_REVOKED', 'ACCOUNT_SUSPENDED', 'FORBIDDEN'],
  command: ['ACK_TIMEOUT', 'PRECEDING_FAILED', 'FENCED'],
} as const satisfies Record<string, readonly ErrorCode[]>

/**
 * The response schemas of a route's refusals, by HTTP status, from the error table: name the groups that hold for the route
 * and what is special to it. Codes with the same status share its entry. Typed as empty, so that handlers can only send
 * what the route promises, and throw the rest.
 */
export function failures(
  groups: readonly Exclude<keyof typeof codesOf, 'any'>[],
  ...special: readonly ErrorCode[]
): Record<never, TSchema> {
  const codes: ErrorCode[] = [...codesOf.any, ...groups.flatMap((group) => codesOf[group]), ...special]
  const byStatus = Map.groupBy(codes, (code) => errorEntry(code).http)
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, { ...Failure.ref, description: codes.join(', ') }]),
  )
}
