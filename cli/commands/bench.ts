import { parseArgs } from 'node:util'
import { quickBench } from '../../bench/quick.ts'
import { printReport } from '../../bench/report.ts'
import { UsageError, type CommandContext } from '../context.ts'
import { findGateways } from '../gateways.ts'
import { connectSupervisor } from '../supervisor/client.ts'

export const summary = 'measure the message path of the running system'
export const usage = `bench quick [--seconds N] [--json]
  quick          p2p, groups of ten, and latency at 1 000 messages a second, beside the figures of the spike; about a minute
  --seconds N    how long each load is measured (default 6)`

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '6' }, json: { type: 'boolean', default: false } },
  })
  if (positionals.length !== 1 || positionals[0] !== 'quick') throw new UsageError('Name the benchmark: quick.')
  const seconds = Number(values.seconds)
  if (!(seconds >= 1 && seconds <= 120)) throw new UsageError('--seconds takes a number from 1 to 120.')
  const gateways = await findGateways(context)
  const rows = await quickBench({
    gateways,
    processes: await findProcesses(context),
    warmUpMs: 3000,
    measureMs: seconds * 1000,
    onProgress: (line) => console.error(line),
  })
  if (values.json) console.log(JSON.stringify({ rows }, null, 2))
  else printReport(rows, (line) => console.log(line))
  return rows.every((row) => row.lost + row.duplicated + row.reordered + row.refused === 0) ? 0 : 1
}

/** Every server and process of the profile, and this driver. */
async function findProcesses({ profile }: CommandContext): Promise<Map<string, number>> {
  const status = await (await connectSupervisor(profile))!.status()
  const running = status.processes.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const]))
  return new Map([...running, ['driver', process.pid]])
}
