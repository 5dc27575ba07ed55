import { medianRow, ratioOf, spreadOf } from '../median.ts'
import { serverSum, type Row } from '../row.ts'
import type { Scenario, Target } from '../scenarios.ts'
import type { Result } from '../suite.ts'
import { aligned, grouped, machineLine, short, type Machine } from './format.ts'

const titles = [
  'row',
  'who',
  'msg/s',
  'min–max',
  'deliveries/s',
  'p50',
  'p99',
  'max',
  'µs/msg',
  'µs/dlv',
  'faults',
  'ours÷its',
]
const words = 2

/** Fits into 120 columns. */
export function printResults(
  results: readonly Result[],
  notAskedFor: readonly string[],
  machine: Machine,
  print: (line: string) => void,
): void {
  print(machineLine(machine))
  print('')
  for (const line of aligned([titles, ...results.flatMap(linesOf)], words)) print(line)
  for (const { scenario, absent } of results) {
    for (const [name, reason] of absent) print(`${scenario.id}: ${name} did not run: ${reason.split('\n')[0]}`)
  }
  if (notAskedFor.length > 0) print(`peers that were not asked for (--peers): ${notAskedFor.join(', ')}`)
  printOthers(results, print)
  printByProcess('CPU µs per message', results, (row) => row.cpuMicrosPerMessage, print)
  printByProcess('memory at the end, MiB', results, (row) => row.rssMiB, print)
  printLegend(results, print)
}

function linesOf({ scenario, runs, absent }: Result): string[][] {
  const ours = runs.get('gochat') ?? []
  const lines = [...runs].map(([name, rows]) =>
    cells(name, rows, name === 'gochat' ? '' : ratioText(scenario, ours, rows)),
  )
  const missing = [...absent.keys()]
    .filter((name) => !runs.has(name))
    .map((name) => [name, ...empty(titles.length - 2)])
  const all = runs.has('gochat') ? [...lines, ...missing] : [...missing.toReversed(), ...lines]
  if (Object.keys(scenario.target).length > 0) all.splice(1, 0, targetCells(scenario.target))
  return all.map((line, i) => [i === 0 ? scenario.id : '', ...line])
}

function cells(name: string, rows: readonly Row[], ratio: string): string[] {
  const row = medianRow(rows)
  const { min, max } = spreadOf(rows.map(({ messagesPerSecond }) => messagesPerSecond))
  return [
    name,
    rate(row.messagesPerSecond),
    rows.length > 1 ? `${grouped(min)}–${grouped(max)}` : '',
    rate(row.deliveriesPerSecond),
    ...[row.p50Ms, row.p99Ms, row.maxMs].map((ms) => (ms === 0 ? '–' : short(ms))),
    ...[row.cpuMicrosPerMessage, row.cpuMicrosPerDelivery].map((cpu) => rate(serverSum(cpu))),
    [row.lost, row.duplicated, row.reordered, row.refused].join('/'),
    ratio,
  ]
}

function rate(value: number): string {
  return value === 0 ? '–' : short(value)
}

function targetCells(target: Target): string[] {
  const { messagesPerSecond, deliveriesPerSecond, p50Ms, p99Ms, cpuMicrosPerMessage, ratio = {} } = target
  const least = (value?: number) => (value === undefined ? '' : `≥${grouped(value)}`)
  const most = (value?: number) => (value === undefined ? '' : `≤${value}`)
  const ratios = Object.values(ratio).map((value) => `≥×${value}`)
  return ['target', least(messagesPerSecond), '', least(deliveriesPerSecond), most(p50Ms), most(p99Ms), ''].concat([
    most(cpuMicrosPerMessage),
    '',
    '0/0/0/0',
    ratios.join(' '),
  ])
}

/** Where the rate is given there is nothing to win but time. */
function ratioText(scenario: Scenario, ours: readonly Row[], theirs: readonly Row[]): string {
  const isOpenLoop = scenario.kind === 'load' && scenario.ratePerSecond !== undefined
  const ratio = ratioOf(ours, theirs, (row) => (isOpenLoop ? row.p99Ms : row.messagesPerSecond))
  if (ratio === undefined) return '–'
  return isOpenLoop ? `p99 ×${short(ratio.median)}` : `×${short(ratio.median)}`
}

function printOthers(results: readonly Result[], print: (line: string) => void): void {
  const lines = results.flatMap(({ scenario, runs }) => {
    const row = runs.get('gochat')
    if (row === undefined) return []
    const bounds = scenario.target.figures ?? {}
    return Object.entries(medianRow(row).figures).map(([name, value]) => {
      const bound = bounds[name]
      const target = bound === undefined ? '' : 'least' in bound ? `≥ ${grouped(bound.least)}` : `≤ ${bound.most}`
      return [scenario.id, name, short(value), target]
    })
  })
  if (lines.length === 0) return
  print('')
  for (const line of aligned([['row', 'figure', 'value', 'target'], ...lines], words)) print(line)
}

const maxWidth = 120

function printByProcess(
  title: string,
  results: readonly Result[],
  valuesOf: (row: Row) => ReadonlyMap<string, number>,
  print: (line: string) => void,
): void {
  const lines = results.flatMap(({ scenario, runs }) =>
    [...runs].flatMap(([name, rows]) => {
      const values = [...valuesOf(medianRow(rows))].filter(([, value]) => value > 0)
      const texts = values.map(([group, value]) => `${group} ${short(value)}`)
      return texts.length === 0 ? [] : [{ scenario, name, texts }]
    }),
  )
  if (lines.length === 0) return
  print('')
  print(`${title}, by process:`)
  for (const { scenario, name, texts } of lines) {
    let line = `  ${scenario.id.padEnd(13)}${name.padEnd(12)}`
    for (const text of texts) {
      if (line.length + 1 + text.length > maxWidth) {
        print(line.trimEnd())
        line = ' '.repeat(27)
      }
      line += ` ${text} `
    }
    print(line.trimEnd())
  }
}

function printLegend(results: readonly Result[], print: (line: string) => void): void {
  print('')
  for (const { scenario } of results) print(`  ${scenario.id.padEnd(13)}${scenario.about}`)
  print('')
  print(
    '  times in ms, from when a message was due to each of its deliveries · µs: CPU of all server processes, not the driver',
  )
  print(
    '  faults: lost/duplicated/reordered/refused · several runs: medians, faults added up · ratios pair by pair, median',
  )
  print(
    '  targets are for 2 cores with the driver on them; nothing but faults makes the exit code 1 · docs/benchmarks.md',
  )
}

function empty(count: number): string[] {
  return Array.from({ length: count }, () => '–')
}
