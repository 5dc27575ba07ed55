import { Type, type Static } from 'typebox'

/** A 64-bit number as a decimal string. */
export const Id = Type.String({ pattern: '^[1-9][0-9]{0,19}$', description: 'A 64-bit id as a decimal string.' })

/** Made by the client once per user action; a ULID or UUID is a good choice. */
export const ClientId = Type.String({
  pattern: '^[A-Za-z0-9_.:-]{1,64}$',
  description: 'An id that the client chose; the same id again gets the same answer.',
})

/** Counts the entries of one conversation, from 1, without gaps. */
export const Seq = Type.Integer({
  minimum: 0,
  maximum: 4_294_967_295,
  description: 'A place in a log; 0 is before all.',
})

export const TimeMs = Type.Number({ description: 'Milliseconds since 1970.' })

export const ErrorBody = Type.Object({
  code: Type.String({ description: 'A name from docs/errors.md.' }),
  message: Type.String(),
  retryable: Type.Boolean({ description: 'Whether the same request, under the same id, may succeed later.' }),
  retryAfterMs: Type.Optional(Type.Number()),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  traceId: Type.Optional(Type.String()),
})
export type ErrorBody = Static<typeof ErrorBody>
