import { AppError } from '#infra/errors/index.ts'
import type { SeqRange } from '#workflows/contracts.ts'

const id = /^[1-9][0-9]{0,19}$/
const maxReasonLength = 200

/** A conversation's id. */
export function idOf(text: string, field: string): string {
  if (!id.test(text)) throw invalid(field, 'is no id')
  return text
}

export function reasonOf(text: string): string {
  if (text.length > maxReasonLength) throw invalid('reason', `is longer than ${maxReasonLength} characters`)
  return text
}

export function rangeOf(fromSeq: number, toSeq: number): SeqRange {
  if (fromSeq < 1 || toSeq < fromSeq) throw invalid('to_seq', 'and from_seq are no range')
  return { fromSeq, toSeq }
}

/** What was asked for, at most the maximum; 0 asks for the maximum. */
export function limitOf(asked: number, max: number): number {
  return asked === 0 ? max : Math.min(asked, max)
}

export function invalid(field: string, fault: string): AppError {
  return new AppError('INVALID_ARGUMENT', { message: `${field} ${fault}.`, details: { field } })
}
