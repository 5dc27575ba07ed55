import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { replay } from '#tests/replay/replay.ts'
import { isClean } from '#tests/replay/result.ts'
import { openStack, UsageError, type CommandContext } from '../context.ts'
import { findGateways } from '../gateways.ts'
import { withLiveSettings } from '../live-settings.ts'

export const summary = 'play an IRC log through the running system and write down what everybody got'
export const usage = `replay FILE --order log|author --out DIR [--rate N] [--threshold N] [--seed N] [--lines N] [--json]
  --order log      the next line only after the ack of the last
  --order author   every author for itself
  --rate N         lines a second in author order (default 60; 0: as fast as they go)
  --threshold N    meanwhile, groups with more than N members count as large (live setting largeGroupThreshold)
  --seed N         who joins, leaves, drops and has two devices (default 1)
  --lines N        only the first N lines
  --json           nothing but the result on the standard output`

export async function run(args: string[], context: CommandContext): Promise<number> {
  const options = parse(args)
  const gateways = await findGateways(context)
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort())
  const startedAt = Date.now()
  const play = () =>
    replay({
      ...options,
      fileName: basename(options.file),
      content: readFileSync(options.file, 'utf8'),
      httpUrls: gateways.map(({ httpUrl }) => httpUrl),
      wsUrls: gateways.map(({ wsUrl }) => wsUrl),
      signal: interrupt.signal,
      onProgress: (line) => {
        if (!options.isJson)
          console.error(`${String(Math.round((Date.now() - startedAt) / 1000)).padStart(4)} s  ${line}`)
      },
    })
  const result =
    options.threshold === undefined
      ? await play()
      : await withLiveSettings(
          (await openStack(context)).env['GOCHAT_ETCD_ENDPOINTS']!,
          { largeGroupThreshold: options.threshold },
          play,
        )
  console.log(JSON.stringify(result, null, options.isJson ? 0 : 2))
  return isClean(result) ? 0 : 1
}

function parse(args: string[]) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      order: { type: 'string' },
      out: { type: 'string' },
      rate: { type: 'string' },
      threshold: { type: 'string' },
      seed: { type: 'string' },
      lines: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new UsageError('Name one FILE to play.')
  if (values.order !== 'log' && values.order !== 'author') throw new UsageError('--order is log or author.')
  if (values.out === undefined) throw new UsageError('--out names the folder to write to.')
  return {
    file,
    order: values.order,
    folder: values.out,
    isJson: values.json,
    ...whole('ratePerSecond', '--rate', values.rate),
    ...whole('threshold', '--threshold', values.threshold),
    ...whole('seed', '--seed', values.seed),
    ...whole('maxLines', '--lines', values.lines),
  } as const
}

function whole<Name extends string>(name: Name, flag: string, value: string | undefined): { [N in Name]?: number } {
  if (value === undefined) return {}
  const number = Number(value)
  if (!Number.isInteger(number) || number < 0) throw new UsageError(`${flag} takes a whole number, not "${value}".`)
  return { [name]: number } as { [N in Name]?: number }
}
