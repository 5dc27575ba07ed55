import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSkipped, nextRoundSeq } from './rounds.ts'

test('example: without skips a round goes to the head; a skip is a round of its own', () => {
  assert.equal(nextRoundSeq(0, 100, []), 100)
  const skips = [{ fromSeq: 40, toSeq: 60 }]
  assert.deepEqual(roundsOf(0, 100, skips), [39, 60, 100])
  assert.ok(isSkipped({ fromSeq: 39, toSeq: 60 }, skips))
  assert.ok(!isSkipped({ fromSeq: 38, toSeq: 60 }, skips))
  assert.ok(!isSkipped({ fromSeq: 39, toSeq: 61 }, skips))
})

test('whatever is skipped, rounds reach the head, and exactly the skipped entries are in skipped rounds', () => {
  const seq = fc.integer({ min: 1, max: 60 })
  const range = fc.tuple(seq, seq).map(([a, b]) => ({ fromSeq: Math.min(a, b), toSeq: Math.max(a, b) }))
  fc.assert(
    fc.property(
      fc.nat({ max: 20 }),
      fc.integer({ min: 21, max: 50 }),
      fc.array(range, { maxLength: 4 }),
      (settled, head, all) => {
        const skips = disjoint(all)
        let fromSeq = settled
        for (const toSeq of roundsOf(settled, head, skips)) {
          const isRoundSkipped = isSkipped({ fromSeq, toSeq }, skips)
          for (let at = fromSeq + 1; at <= toSeq; at += 1) {
            const isEntrySkipped = skips.some((skip) => skip.fromSeq <= at && at <= skip.toSeq)
            assert.equal(isEntrySkipped, isRoundSkipped)
          }
          fromSeq = toSeq
        }
        assert.equal(fromSeq, head)
      },
    ),
  )
})

type Range = { fromSeq: number; toSeq: number }

function roundsOf(settledSeq: number, headSeq: number, skips: readonly Range[]): number[] {
  const ends: number[] = []
  for (let settled = settledSeq; settled < headSeq; settled = ends.at(-1)!) {
    const end = nextRoundSeq(settled, headSeq, skips)
    assert.ok(end > settled)
    ends.push(end)
  }
  return ends
}

/** As the workflow keeps them: joined where they touch. */
function disjoint(ranges: readonly Range[]): Range[] {
  const isIn = (at: number) => ranges.some(({ fromSeq, toSeq }) => fromSeq <= at && at <= toSeq)
  const found: Range[] = []
  for (let at = 1; at <= 61; at += 1) {
    if (isIn(at) && !isIn(at - 1)) found.push({ fromSeq: at, toSeq: at })
    else if (isIn(at)) found.at(-1)!.toSeq = at
  }
  return found
}
