import type { Totals } from './count.ts'

const MIN_LINES_PERCENT = 80

interface Share {
  covered: number
  total: number
}

export interface CoverageRow {
  folder: string
  lines: Share
  functions: Share
  branches: Share
}

const KINDS = ['lines', 'functions', 'branches'] as const

/** What a row is made of: a file's path from the checkout, and its shares. */
interface CoveredFile {
  sourcePath: string
  summary: Record<(typeof KINDS)[number], Share>
}

export function addUp(files: readonly CoveredFile[]): CoverageRow[] {
  const rows = new Map<string, CoverageRow>()
  for (const { sourcePath, summary } of files) {
    const folder = sourcePath.split('/')[0]!
    const row = rows.get(folder) ?? emptyRow(folder)
    rows.set(folder, addRow(row, { folder, ...summary }))
  }
  return [...rows.values()].toSorted((a, b) => a.folder.localeCompare(b.folder))
}

/** A table of percentages, the total last. */
export function formatCoverage(rows: readonly CoverageRow[]): string {
  const head = ['Coverage', ...KINDS.map((kind) => `${kind} %`)]
  const body = [...rows, totalOf(rows)].map((row) => [
    row.folder,
    ...KINDS.map((kind) => percent(row[kind]).toFixed(1)),
  ])
  return [head, ...body]
    .map(([name, ...cells]) => name!.padEnd(12) + cells.map((cell) => cell.padStart(14)).join(''))
    .join('\n')
}

/** A failure when too few lines of all folders together are covered. */
export function checkCoverage(rows: readonly CoverageRow[]): Totals {
  const lines = percent(totalOf(rows).lines)
  if (lines >= MIN_LINES_PERCENT) return { passed: 0, failed: 0, failures: [] }
  const failure = `coverage: ${lines.toFixed(1)} % of the lines, fewer than ${MIN_LINES_PERCENT} %`
  return { passed: 0, failed: 1, failures: [failure] }
}

function totalOf(rows: readonly CoverageRow[]): CoverageRow {
  return rows.reduce(addRow, emptyRow('total'))
}

/** Nothing to cover is all covered. */
function percent({ covered, total }: Share): number {
  return total === 0 ? 100 : (100 * covered) / total
}

function emptyRow(folder: string): CoverageRow {
  const none = { covered: 0, total: 0 }
  return { folder, lines: none, functions: none, branches: none }
}

function addRow(row: CoverageRow, more: CoverageRow): CoverageRow {
  const add = (a: Share, b: Share): Share => ({ covered: a.covered + b.covered, total: a.total + b.total })
  return {
    folder: row.folder,
    lines: add(row.lines, more.lines),
    functions: add(row.functions, more.functions),
    branches: add(row.branches, more.branches),
  }
}
