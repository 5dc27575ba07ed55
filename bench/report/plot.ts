import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

/** The part of `bench --json` that is drawn. */
export interface Report {
  readonly rows: readonly {
    readonly id: string
    readonly messagesPerSecond: number
    readonly serverCpuMicrosPerMessage: number
    readonly cpuMicrosPerMessage: Readonly<Record<string, number>>
  }[]
}

type Row = Report['rows'][number]

const size = { width: 860, label: 120, bar: 16, rowGap: 18, top: 64, left: 16 }
const colours = { before: '#b8bec7', after: '#2f6fde', text: '#1f2328', quiet: '#57606a', paper: '#ffffff' }

/**
 * What a message costs the servers in two runs, row by row, each row on its own scale. The measure is the driver's CPU for the same
 * message, which says how fast the machine was at the time.
 */
export function plot(before: Report, after: Report): string {
  const pairs = before.rows.flatMap((old) => {
    const now = after.rows.find(({ id }) => id === old.id)
    return now !== undefined && costOf(old) > 0 && costOf(now) > 0 ? [{ old, now }] : []
  })
  const rowHeight = 2 * size.bar + size.rowGap
  const height = size.top + pairs.length * rowHeight
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="${colours.paper}"/>`,
    text(
      size.left,
      26,
      'CPU of all servers for a message, in CPU of the driver for it (less is better)',
      colours.text,
      15,
    ),
    text(
      size.left,
      46,
      'grey: before · blue: after · beside each bar: that ratio, µs of CPU, messages a second',
      colours.quiet,
    ),
    ...pairs.flatMap(({ old, now }, index) => drawRow(old, now, size.top + index * rowHeight)),
    '</svg>\n',
  ].join('\n')
}

function drawRow(old: Row, now: Row, y: number): string[] {
  const most = Math.max(costOf(old), costOf(now))
  const bar = (row: Row, top: number, colour: string): string[] => {
    const width = Math.max(2, (costOf(row) / most) * 420)
    const x = size.left + size.label
    return [
      `<rect x="${x}" y="${top}" width="${width.toFixed(1)}" height="${size.bar - 2}" fill="${colour}"/>`,
      text(x + width + 8, top + 12, describe(row), colours.quiet, 12),
    ]
  }
  return [
    text(size.left, y + size.bar + 4, old.id, colours.text),
    ...bar(old, y, colours.before),
    ...bar(now, y + size.bar, colours.after),
  ]
}

function costOf({ serverCpuMicrosPerMessage, cpuMicrosPerMessage }: Row): number {
  const driver = cpuMicrosPerMessage['driver'] ?? 0
  return driver === 0 ? 0 : serverCpuMicrosPerMessage / driver
}

function describe(row: Row): string {
  const [micros, rate] = [row.serverCpuMicrosPerMessage, row.messagesPerSecond].map((value) => Math.round(value))
  return `${costOf(row).toFixed(1)} · ${micros!.toLocaleString('en')} µs · ${rate!.toLocaleString('en')}/s`
}

function text(x: number, y: number, content: string, colour: string, fontSize = 13): string {
  return `<text x="${x.toFixed(1)}" y="${y}" fill="${colour}" font-size="${fontSize}">${content}</text>`
}

/** `node bench/report/plot.ts before.json after.json plot.svg` */
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [before, after, target] = process.argv.slice(2)
  const read = async (file: string | undefined) => JSON.parse(await readFile(file!, 'utf8')) as Report
  await writeFile(target!, plot(await read(before), await read(after)))
}
