import type { FanoutProgress, Outcomes } from './contracts.ts'

/** What the Web UI shows of a fan-out. */
export function fanoutDetails(progress: FanoutProgress): string {
  const { state, settledSeq, headSeq, rounds, members, lastRound, total, membersPerSecond, lastError, skips } = progress
  const kinds = Object.keys(total) as (keyof Outcomes)[]
  const rows: (readonly [string, string | number])[] = [
    ['state', state],
    ['settled up to', settledSeq],
    ['head', headSeq],
    ['rounds', rounds],
    ['members', members],
    ['members a second', membersPerSecond],
    ['skips', skips.map(({ fromSeq, toSeq }) => `${fromSeq}–${toSeq}`).join(', ') || '–'],
    ['last error', lastError.replaceAll('|', '\\|') || '–'],
  ]
  return [
    '| | |',
    '| --- | --- |',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    '| members | last round | all rounds |',
    '| --- | --- | --- |',
    ...kinds.map((kind) => `| ${kind} | ${lastRound[kind]} | ${total[kind]} |`),
  ].join('\n')
}
