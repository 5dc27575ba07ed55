import type { Refusal } from '../../authorize.ts'

export const malformed: Refusal = { code: 'INVALID_ARGUMENT' }
export const conflict: Refusal = { code: 'IDEMPOTENCY_CONFLICT' }
export const precedingFailed: Refusal = { code: 'PRECEDING_FAILED' }
export const passedOver: Refusal = { code: 'UNAVAILABLE', message: 'Its outcome is not known: send it again.' }
export const notFound: Refusal = { code: 'CONVERSATION_NOT_FOUND' }
/** Also of a user who exists: whether it does is no business of this command. */
export const noSuchMember: Refusal = { code: 'USER_NOT_FOUND', message: 'No such member.' }
export const guestsStay: Refusal = { code: 'FORBIDDEN', message: 'A guest is a member, and nothing more.' }
export const tooMany: Refusal = { code: 'LIMIT_EXCEEDED' }
