import type { SeqRange } from './contracts.ts'

/** More ranges than this are not kept: an operator who needs more pauses instead. */
const maxRanges = 100

/** With another one: sorted, and joined where they touch. */
export function addRange(ranges: readonly SeqRange[], added: SeqRange): readonly SeqRange[] {
  const joined: SeqRange[] = []
  for (const range of [...ranges, added].sort((a, b) => a.fromSeq - b.fromSeq)) {
    const last = joined.at(-1)
    if (last === undefined || range.fromSeq > last.toSeq + 1) joined.push(range)
    else joined[joined.length - 1] = { fromSeq: last.fromSeq, toSeq: Math.max(last.toSeq, range.toSeq) }
  }
  return joined.length > maxRanges ? ranges : joined
}

/** What an operator sent, if it is a range. */
export function toRange(argument: unknown): SeqRange | undefined {
  const { fromSeq, toSeq } = (argument ?? {}) as Partial<Record<keyof SeqRange, unknown>>
  if (!isSeq(fromSeq) || !isSeq(toSeq) || fromSeq > toSeq) return undefined
  return { fromSeq, toSeq }
}

export function isSeq(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}
