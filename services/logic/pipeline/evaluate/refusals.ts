import type { Refusal } from '../../authorize.ts'

export const malformed: Refusal = { code: 'INVALID_ARGUMENT' }
export const conflict: Refusal = { code: 'IDEMPOTENCY_CONFLICT' }
export const precedingFailed: Refusal = { code: 'PRECEDING_FAILED' }
export const passedOver: Refusal = { code: 'UNAVAILABLE', message: 'Its outcome is not known: send it again.' }
