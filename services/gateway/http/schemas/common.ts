import { Type } from 'typebox'
import { ClientId, Id } from '#proto/frames/index.ts'

/** Every input object refuses fields that it does not know. */
export const strict = { additionalProperties: false } as const

/** Half a pair of them is no character; a part of a class in a pattern. */
export const surrogates = '\\ud800-\\udfff'

/**
 * One line of text that people choose: no control characters, no half surrogate pairs. Patterns are matched with flag u,
 * so the length counts code points, as the database does. Written without classes such as \p{Cc}, so that the engines of
 * other languages, which read the pattern in the OpenAPI document, understand it.
 */
export function line(maxLength: number, description: string) {
  return Type.String({ pattern: `^[^\\u0000-\\u001f\\u007f-\\u009f${surrogates}]{1,${maxLength}}$`, description })
}

/** Lines of text that people choose: with tabs and line feeds. */
export function lines(maxLength: number, description: string) {
  const others = '\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f'
  return Type.String({ pattern: `^[^${others}${surrogates}]{1,${maxLength}}$`, description })
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
