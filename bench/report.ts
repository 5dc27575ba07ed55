import { cpus, totalmem } from 'node:os'
import type { LargeReport, Spread } from './large.ts'
import type { Row } from './load.ts'

/**
 * What a throwaway path without authorization, limits, routes, metrics and a second gateway reached on 2 cores, driver
 * included: messages a second, p50 and p99 in milliseconds, CPU microseconds per message in all servers.
 */
const spike: Readonly<Record<string, { rate: string; p50: string; p99: string; cpu: string }>> = {
  'p2p-w1': { rate: '10 100–12 000', p50: '8.4', p99: '16.5', cpu: '111' },
  'p2p-w8': { rate: '29 200–36 200', p50: '21.5', p99: '40.5', cpu: '40' },
  'group10-w2': { rate: '– (w1 4 400–6 400)', p50: '7.5 (w1)', p99: '14.6 (w1)', cpu: '175 (w1)' },
  'latency-1000': { rate: '1 000', p50: '5.3–6.7', p99: '12.2–16.7', cpu: '905' },
}

export function printReport(rows: readonly Row[], print: (line: string) => void): void {
  print(machine())
  print('')
  const lines = rows.flatMap((row) => [cells(row), spikeCells(row.id)])
  const table = [
    ['load', '', 'msg/s', 'deliveries/s', 'p50 ms', 'p99 ms', 'CPU µs/msg', 'lost', 'dup', 'reordered', 'refused'],
    ...lines,
  ]
  for (const line of aligned(table)) print(line)
  print('')
  print('CPU µs per message, by process:')
  for (const row of rows) print(`  ${row.id.padEnd(14)}${breakdown(row)}`)
}

export function printLargeReport(report: LargeReport, print: (line: string) => void): void {
  const { members, online, messages, first, last, settling, history, beside } = report
  const ms = ({ p50Ms, p99Ms }: Spread) => `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)} ms`
  print(machine())
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
  for (const line of aligned(rows)) print(line.trimEnd())
}

function machine(): string {
  return `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; driver on the same cores`
}

function cells(row: Row): string[] {
  const total = Object.entries(row.cpuMicrosPerMessage).reduce(
    (sum, [name, micros]) => (name === 'driver' ? sum : sum + micros),
    0,
  )
  const counts = [row.lost, row.duplicated, row.reordered, row.refused].map(String)
  return [
    row.id,
    'now',
    grouped(row.messagesPerSecond),
    grouped(row.deliveriesPerSecond),
    row.p50Ms.toFixed(1),
    row.p99Ms.toFixed(1),
    total.toFixed(0),
    ...counts,
  ]
}

function spikeCells(id: string): string[] {
  const figures = spike[id]
  if (figures === undefined) return ['', 'spike', '–', '–', '–', '–', '–', '', '', '', '']
  return ['', 'spike', figures.rate, '–', figures.p50, figures.p99, figures.cpu, '', '', '', '']
}

function breakdown(row: Row): string {
  return Object.entries(row.cpuMicrosPerMessage)
    .map(([name, micros]) => `${name} ${micros.toFixed(micros < 10 ? 1 : 0)}`)
    .join(' · ')
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
}

function aligned(table: string[][]): string[] {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  return table.map((row) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  )
}
