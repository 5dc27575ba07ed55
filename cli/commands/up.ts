import { parseArgs } from 'node:util'
import { serverPort } from '#stack/profile.ts'
import { bringUp } from '../bring-up.ts'
import { UsageError, type CommandContext, type Stack } from '../context.ts'
import { DEFAULT_COUNTS, MAX_COUNT, ROLES, type Counts, type Role } from '../plan.ts'
import { createProgress } from '../progress.ts'

export const summary = 'install what is missing and start everything'
export const usage = 'up [--gateways N] [--logics N] [--repos N] [--tasks N] [--workers N] [--dispatchers N]'

const FLAGS: Record<string, Role> = {
  gateways: 'gateway',
  logics: 'logic',
  repos: 'repo',
  tasks: 'tasks',
  workers: 'worker',
  dispatchers: 'dispatcher',
}

export async function run(args: string[], context: CommandContext): Promise<number> {
  const counts = parseCounts(args)
  const startedAt = Date.now()
  const stack = await bringUp(context, counts, createProgress())
  console.log(`\nGoChat is up (${((Date.now() - startedAt) / 1000).toFixed(1)} s).\n${table(context, counts, stack)}`)
  return 0
}

export function parseCounts(args: string[]): Counts {
  const options = Object.fromEntries(Object.keys(FLAGS).map((flag) => [flag, { type: 'string' as const }]))
  const { values } = parseArgs({ args, options })
  const counts = { ...DEFAULT_COUNTS }
  for (const [flag, value] of Object.entries(values)) {
    const count = Number(value)
    if (value === undefined || !/^\d+$/.test(value) || count > MAX_COUNT)
      throw new UsageError(`--${flag} is a number from 0 to ${MAX_COUNT}`)
    counts[FLAGS[flag]!] = count
  }
  return counts
}

function table({ profile }: CommandContext, counts: Counts, { env }: Stack): string {
  const gateways = Array.from({ length: counts.gateway }, (_, i) => profile.portBase + 101 + i)
  const first = gateways[0] ?? profile.portBase + 101
  const admins = profile.portBase + ROLES.gateway.adminOffset + 1
  const option = profile.name === 'dev' ? '' : ` --profile ${profile.name}`
  const webUiPort = serverPort(profile, 'temporalUi')
  const others = gateways.length > 1 ? `   (also on ${gateways.slice(1).join(', ')})` : ''
  const rows: [string, string][] = [
    ['REST and its docs', `http://127.0.0.1:${first}/docs${others}`],
    ['WebSocket', `ws://127.0.0.1:${first}/ws`],
    // With the namespace: the page opens in `default` otherwise, where nothing is.
    ['Temporal Web UI', `http://127.0.0.1:${webUiPort}/namespaces/${env['GOCHAT_TEMPORAL_NAMESPACE']}/workflows`],
    ['Metrics', `http://127.0.0.1:${admins}/metrics   (every process has one: ./gochat status)`],
    ['Logs', `${profile.logDir}   (./gochat logs${option} -f)`],
    ['Try first', `./gochat chat${option} alice   and in another terminal   ./gochat chat${option} bob`],
    ['Stop', `./gochat down${option}   (--wipe also deletes the data)`],
  ]
  return rows.map(([title, text]) => `  ${title.padEnd(18)} ${text}`).join('\n')
}
