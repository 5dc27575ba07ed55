import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { UsageError, type CommandContext } from '../context.ts'
import { lastLines, readFrom } from '../log-tail.ts'

export const summary = 'show logs'
export const usage = 'logs [NAME] [-f] [-n LINES]     NAME as in ./gochat status; without it, of everything'

const POLL_MS = 250

export async function run(args: string[], { profile }: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      follow: { type: 'boolean', short: 'f', default: false },
      lines: { type: 'string', short: 'n', default: positionalsCount(args) === 0 ? '10' : '50' },
    },
  })
  if (!/^\d+$/.test(values.lines)) throw new UsageError('-n is a number of lines')
  if (positionals.length > 1) throw new UsageError('one name, or none')
  const known = (await readdir(profile.logDir).catch(() => [])).filter((file) => file.endsWith('.log'))
  const files = positionals[0] === undefined ? known : known.filter((file) => file === `${positionals[0]}.log`)
  if (files.length === 0) {
    const names = known.map((file) => file.slice(0, -'.log'.length)).join(', ') || 'none yet'
    throw new UsageError(`There is no log ${positionals[0] ?? ''}. Logs: ${names}`)
  }
  const isMany = files.length > 1
  for (const file of files) {
    for (const line of await lastLines(join(profile.logDir, file), Number(values.lines))) print(file, line, isMany)
  }
  process.stdout.once('error', () => process.exit(0))
  if (values.follow) await Promise.all(files.map((file) => follow(join(profile.logDir, file), file, isMany)))
  return 0
}

async function follow(path: string, file: string, isMany: boolean): Promise<never> {
  let { end } = await readFrom(path, -1)
  let rest = ''
  for (;;) {
    await sleep(POLL_MS)
    const next = await readFrom(path, end)
    end = next.end
    const lines = (rest + next.text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) print(file, line, isMany)
  }
}

function print(file: string, line: string, isMany: boolean): void {
  console.log(isMany ? `${file.slice(0, -'.log'.length).padEnd(12)} ${line}` : line)
}

function positionalsCount(args: string[]): number {
  return args.filter((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-n' && args[i - 1] !== '--lines').length
}
