import type { Row } from './row.ts'

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 }
}

/** Of several runs: figures are medians, faults are sums. */
export function medianRow(rows: readonly Row[]): Row {
  const first = rows[0]!
  const median = (valueOf: (row: Row) => number) => spreadOf(rows.map(valueOf)).median
  const sum = (valueOf: (row: Row) => number) => rows.reduce((total, row) => total + valueOf(row), 0)
  const medians = (mapOf: (row: Row) => ReadonlyMap<string, number>) =>
    new Map([...mapOf(first).keys()].map((group) => [group, median((row) => mapOf(row).get(group) ?? 0)] as const))
  return {
    id: first.id,
    system: first.system,
    messagesPerSecond: median((row) => row.messagesPerSecond),
    deliveriesPerSecond: median((row) => row.deliveriesPerSecond),
    lost: sum((row) => row.lost),
    duplicated: sum((row) => row.duplicated),
    reordered: sum((row) => row.reordered),
    refused: sum((row) => row.refused),
    closed: sum((row) => row.closed),
    p50Ms: median((row) => row.p50Ms),
    p99Ms: median((row) => row.p99Ms),
    maxMs: Math.max(...rows.map(({ maxMs }) => maxMs)),
    cpuMicrosPerMessage: medians((row) => row.cpuMicrosPerMessage),
    cpuMicrosPerDelivery: medians((row) => row.cpuMicrosPerDelivery),
    cpuCores: medians((row) => row.cpuCores),
    rssMiB: medians((row) => row.rssMiB),
    figures: Object.fromEntries(
      Object.keys(first.figures).map((name) => [name, median((row) => row.figures[name] ?? 0)]),
    ),
  }
}

/**
 * How many times as much one did as the other, pair by pair, because the machine drifts between pairs; undefined when the other did
 * nothing.
 */
export function ratioOf(
  ours: readonly Row[],
  theirs: readonly Row[],
  valueOf: (row: Row) => number,
): Spread | undefined {
  const ratios = ours.slice(0, theirs.length).map((row, i) => valueOf(row) / valueOf(theirs[i]!))
  return ratios.length > 0 && ratios.every(Number.isFinite) ? spreadOf(ratios) : undefined
}
