import { readDigits } from '../driver/body.ts'

const seqKey = Buffer.from('"seq":')

/** What a page lacks of the entries behind `afterSeq`, and how many entries do not follow the one before. */
export function judgePage(
  data: Buffer,
  start: number,
  end: number,
  afterSeq: number,
  pageSize: number,
): { readonly missing: number; readonly misplaced: number } {
  const seen = new Set<number>()
  let misplaced = 0
  let previous = afterSeq
  for (let at = data.indexOf(seqKey, start); at >= 0 && at < end; at = data.indexOf(seqKey, at + 1)) {
    const seq = readDigits(data, at + seqKey.length)
    if (seq <= previous) misplaced += 1
    previous = seq
    if (seq > afterSeq && seq <= afterSeq + pageSize) seen.add(seq)
  }
  return { missing: pageSize - seen.size, misplaced }
}
