import { Type } from 'typebox'
import { ClientId, Id } from '#proto/frames/index.ts'

/** Every input object refuses fields that it does not know. */
export const strict = { additionalProperties: false } as const

/**
 * One line of text that people choose: no control characters, no half surrogate pairs. Patterns are matched with flag u,
 * so the length counts code points, as the database does.
 */
export function line(maxLength: number, description: string) {
  return Type.String({ pattern: `^[^\\p{Cc}\\p{Cs}]{1,${maxLength}}$`, description })
}

export const CommandId = ClientId

export const ConversationParams = Type.Object({ conversationId: Id }, strict)
export const UserParams = Type.Object({ userId: Id }, strict)
export const MemberParams = Type.Object({ conversationId: Id, userId: Id }, strict)

export function pageSize(maximum: number, fallback: number) {
  return Type.Optional(Type.Integer({ minimum: 1, maximum, default: fallback, description: `Default: ${fallback}.` }))
}

/** The answer has no body. */
export const Empty = Type.Null()
