import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'

/** By these an operator filters. Set on state changes only; ids and words of ours, never anything that a user wrote. */
export const imTaskKind = defineSearchAttributeKey('ImTaskKind', SearchAttributeType.KEYWORD)
export const imState = defineSearchAttributeKey('ImState', SearchAttributeType.KEYWORD)
export const imConversationId = defineSearchAttributeKey('ImConversationId', SearchAttributeType.KEYWORD)
export const imErrorType = defineSearchAttributeKey('ImErrorType', SearchAttributeType.KEYWORD)
export const imLag = defineSearchAttributeKey('ImLag', SearchAttributeType.INT)
export const imAttempts = defineSearchAttributeKey('ImAttempts', SearchAttributeType.INT)
export const imParkedAt = defineSearchAttributeKey('ImParkedAt', SearchAttributeType.DATETIME)
