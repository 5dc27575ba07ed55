import type { LargeReport, Spread } from '../large.ts'
import { aligned, grouped, machineLine, thisMachine } from './format.ts'

export function printLargeReport(report: LargeReport, print: (line: string) => void): void {
  const { members, online, messages, first, last, settling, history, beside } = report
  const ms = ({ p50Ms, p99Ms }: Spread) => `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)} ms`
  print(machineLine(thisMachine()))
  print('')
  const rows: [string, string, string][] = [
    ['members, online', `${grouped(members)}, ${grouped(online)}`, ''],
    ['messages', grouped(messages), ''],
    ['first delivery, p50 / p99', ms(first), 'target: 15 ms'],
    ['last delivery, p50 / p99', ms(last), 'target: 150 ms'],
    ['lost, duplicated', `${report.lost}, ${report.duplicated}`, 'target: 0'],
    ['rounds', `${settling.rounds}`, ''],
    [
      'away members settled',
      `${grouped(settling.away)}, ${grouped(settling.awayPerSecond)} a second`,
      'target: 10 000 a second',
    ],
    ['workflow tasks per message', history.workflowTasksPerMessage.toFixed(3), 'target: 0.05 at 20 msg/s'],
    ['history events per message', history.eventsPerMessage.toFixed(3), ''],
    ['small group alone, p50 / p99', beside.alone.map(ms).join(' · '), ''],
    ['small group beside, p50 / p99', beside.loaded.map(ms).join(' · '), 'target: p99 at most 10 % more'],
  ]
  for (const line of aligned(rows, 2)) print(line)
}
