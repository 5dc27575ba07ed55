import { cpus, totalmem } from 'node:os'

/** A whole number with thousands apart: 12 345. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
}

/** Three figures are enough to compare. */
export function short(value: number): string {
  if (value >= 1000) return grouped(value)
  if (value >= 100) return value.toFixed(0)
  return value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, '')
}

/** Columns as wide as they must be; the first ones are words and stand to the left, the others are numbers. */
export function aligned(table: readonly (readonly string[])[], words: number): string[] {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  return table.map((row) =>
    row
      .map((cell, i) => (i < words ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
}

export function thisMachine(): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
  }
}

export function machineLine({ cpu, cores, memoryGiB, node }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}; the driver runs on the same cores`
}
