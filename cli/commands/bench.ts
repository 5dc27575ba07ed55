import { parseArgs } from 'node:util'
import { limits } from '#proto/frames/limits.ts'
import { largeBench } from '../../bench/large.ts'
import { quickBench, type QuickOptions } from '../../bench/quick.ts'
import { printLargeReport, printReport } from '../../bench/report.ts'
import { openStack, UsageError, type CommandContext } from '../context.ts'
import { findGateways } from '../gateways.ts'
import { connectSupervisor } from '../supervisor/client.ts'

export const summary = 'measure the running system'
export const usage = `bench quick [--seconds N] [--json]
       bench large [--members N] [--online N] [--rate N] [--seconds N] [--json]
  quick          p2p, groups of ten, and latency at 1 000 messages a second, beside the figures of the spike; about a minute
  large          one group of very many members, and a small group beside it
  --seconds N    how long each load is measured (quick: 6, large: 10)
  --members N    of the large group (default 10000)
  --online N     of those, with a socket (default 1000)
  --rate N       messages a second into the large group (default 20)`

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      members: { type: 'string', default: '10000' },
      online: { type: 'string', default: '1000' },
      rate: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
    },
  })
  const [name, ...more] = positionals
  if (more.length > 0 || (name !== 'quick' && name !== 'large'))
    throw new UsageError('Name the benchmark: quick or large.')
  const measureMs = 1000 * whole('--seconds', values.seconds ?? (name === 'quick' ? '6' : '10'), 1, 120)
  const shared = {
    gateways: await findGateways(context),
    processes: await findProcesses(context),
    onProgress: (line: string) => console.error(line),
  }
  if (name === 'quick') return runQuick({ ...shared, warmUpMs: 3000, measureMs }, values.json)
  const members = whole('--members', values.members, 600, limits.maxGroupMembers)
  const online = whole('--online', values.online, 1, Math.min(members - 1, maxOnline))
  const ratePerSecond = whole('--rate', values.rate, 1, 1000)
  const { env, credentials } = await openStack(context)
  const report = await largeBench({
    ...shared,
    members,
    online,
    ratePerSecond,
    spellMs: measureMs,
    mysqlUrl: env['GOCHAT_MYSQL_URL']!,
    accessTokenSecret: credentials.accessTokenSecret,
    temporal: { address: env['GOCHAT_TEMPORAL_ADDRESS']!, namespace: env['GOCHAT_TEMPORAL_NAMESPACE']! },
  })
  if (values.json) console.log(JSON.stringify(report, null, 2))
  else printLargeReport(report, (line) => console.log(line))
  return report.lost === 0 ? 0 : 1
}

/** A process may hold less than 20 000 sockets, and this one holds both ends' files. */
const maxOnline = 15_000

async function runQuick(options: QuickOptions, isJson: boolean): Promise<number> {
  const rows = await quickBench(options)
  if (isJson) console.log(JSON.stringify({ rows }, null, 2))
  else printReport(rows, (line) => console.log(line))
  return rows.every((row) => row.lost + row.duplicated + row.reordered + row.refused === 0) ? 0 : 1
}

function whole(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`${flag} takes a whole number from ${min} to ${max}.`)
  }
  return value
}

/** Every server and process of the profile, and this driver. */
async function findProcesses({ profile }: CommandContext): Promise<Map<string, number>> {
  const status = await (await connectSupervisor(profile))!.status()
  const running = status.processes.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const]))
  return new Map([...running, ['driver', process.pid]])
}
