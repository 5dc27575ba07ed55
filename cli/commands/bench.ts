import { parseArgs } from 'node:util'
import { limits } from '#proto/frames/limits.ts'
import { largeBench } from '../../bench/large.ts'
import { printLargeReport } from '../../bench/report/large-table.ts'
import { peerNames, quickIds, quickPeers, scenarios, type PeerName, type Scenario } from '../../bench/scenarios.ts'
import { runSuiteCommand } from '../bench/run-suite.ts'
import { openRunningStack } from '../bench/running-stack.ts'
import { UsageError, type CommandContext } from '../context.ts'

export const summary = 'measure the running system, with peers beside it'
export const usage = `bench [quick | ROW…] [--seconds N] [--pairs N] [--peers none|all|NAMES] [--connections N] [--profile-cpu DIR] [--json]
       bench large [--members N] [--online N] [--rate N] [--seconds N] [--json]
  (nothing)         every row, three times, all peers in turn: about 35 minutes
  quick             the main rows once, beside socket.io: under three minutes
  ROW…              these rows once, without peers: ${scenarios.map(({ id }) => id).join(' ')}
  large             one group of very many members, and a small group beside it
  --seconds N       how long each load is measured (quick: 5, else 10)
  --pairs N         how often each row runs (default 3, quick and ROW: 1)
  --peers NAMES     of ${peerNames.join(', ')}
  --connections N   of the row conn (default 20000)
  --profile-cpu DIR profiles every process of ours during each row, and says what it was busy with
  --members N       of the large group (default 10000)
  --online N        of those, with a socket (default 1000)
  --rate N          messages a second into the large group (default 20)`

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      pairs: { type: 'string' },
      peers: { type: 'string' },
      connections: { type: 'string', default: '20000' },
      'profile-cpu': { type: 'string' },
      members: { type: 'string', default: '10000' },
      online: { type: 'string', default: '1000' },
      rate: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
    },
  })
  const [name] = positionals
  const isQuick = name === 'quick'
  const measureMs = 1000 * whole('--seconds', values.seconds ?? (isQuick ? '5' : '10'), 1, 120)
  if (name === 'large' && positionals.length === 1) {
    const members = whole('--members', values.members, 600, limits.maxGroupMembers)
    const online = whole('--online', values.online, 1, Math.min(members - 1, maxOnline))
    return runLarge(
      { members, online, ratePerSecond: whole('--rate', values.rate, 1, 1000), measureMs },
      values.json,
      context,
    )
  }
  const isFull = name === undefined
  return runSuiteCommand(
    {
      scenarios: isFull ? scenarios : (isQuick ? [...quickIds, ...positionals.slice(1)] : positionals).map(scenarioOf),
      peers: peersOf(values.peers ?? (isFull ? 'all' : isQuick ? quickPeers.join() : 'none')),
      pairs: whole('--pairs', values.pairs ?? (isFull ? '3' : '1'), 1, 20),
      spell: { warmUpMs: isQuick ? 2000 : 3000, measureMs },
      connections: whole('--connections', values.connections, 1, 150_000),
      profileFolder: values['profile-cpu'],
      isJson: values.json,
    },
    context,
  )
}

/** A process may hold less than 20 000 sockets, and this one holds all of them. */
const maxOnline = 15_000

async function runLarge(
  options: { members: number; online: number; ratePerSecond: number; measureMs: number },
  isJson: boolean,
  context: CommandContext,
): Promise<number> {
  await using stack = await openRunningStack(context)
  const report = await largeBench({
    ...stack.gochat,
    ...options,
    spellMs: options.measureMs,
    temporal: stack.temporal,
    onProgress: (line) => console.error(line),
  })
  if (isJson) console.log(JSON.stringify(report, null, 2))
  else printLargeReport(report, (line) => console.log(line))
  return report.lost === 0 ? 0 : 1
}

function scenarioOf(id: string): Scenario {
  const found = scenarios.find((scenario) => scenario.id === id)
  if (found === undefined) throw new UsageError(`There is no row "${id}".`)
  return found
}

function peersOf(text: string): PeerName[] {
  if (text === 'none') return []
  if (text === 'all') return [...peerNames]
  return text.split(',').map((name) => {
    const found = peerNames.find((peer) => peer === name)
    if (found === undefined) throw new UsageError(`There is no peer "${name}": ${peerNames.join(', ')}, all or none.`)
    return found
  })
}

function whole(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`${flag} takes a whole number from ${min} to ${max}.`)
  }
  return value
}
