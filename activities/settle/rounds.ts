import type { SeqRange } from '#workflows/contracts.ts'

/** fromSeq < seq ≤ toSeq */
export interface OpenRange {
  readonly fromSeq: number
  readonly toSeq: number
}

/** Up to where the next round goes: to the head, or to where skipped entries begin or end, so that a round is skipped whole or not. */
export function nextRoundSeq(settledSeq: number, headSeq: number, skips: readonly SeqRange[]): number {
  const first = settledSeq + 1
  const ahead = skips.filter(({ toSeq }) => toSeq >= first).toSorted((a, b) => a.fromSeq - b.fromSeq)[0]
  if (ahead === undefined) return headSeq
  return Math.min(headSeq, ahead.fromSeq > first ? ahead.fromSeq - 1 : ahead.toSeq)
}

/** A round that was open before the skip is skipped only if all of it is. */
export function isSkipped({ fromSeq, toSeq }: OpenRange, skips: readonly SeqRange[]): boolean {
  return skips.some((skip) => skip.fromSeq <= fromSeq + 1 && skip.toSeq >= toSeq)
}
