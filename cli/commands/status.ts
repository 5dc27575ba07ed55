import { parseArgs } from 'node:util'
import { openStack, type CommandContext } from '../context.ts'
import { connectSupervisor, type ProcessStatus } from '../supervisor/client.ts'
import { checkReady } from '../supervisor/ready.ts'
import { table } from '../table.ts'

export const summary = 'show every server and process: state, health, ports, pid, log'
export const usage = 'status [--json]     exit code 1 when something does not run or is not healthy'

const PROBE_MS = 3_000

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } })
  const supervisor = await connectSupervisor(context.profile)
  const status = await supervisor?.status()
  const entries = await Promise.all((status?.processes ?? []).map(inspect))
  const { env, credentials } = await openStack(context)
  const mysql = {
    url: env['GOCHAT_MYSQL_URL'],
    user: credentials.mysqlUser,
    password: credentials.mysqlPassword,
    database: credentials.mysqlDatabase,
  }
  const isWell = status !== undefined && entries.every(({ isHealthy }) => isHealthy)
  if (values.json) {
    const { name: profile, dataDir } = context.profile
    console.log(
      JSON.stringify({ profile, dataDir, isWell, supervisorPid: status?.pid ?? null, entries, mysql }, null, 2),
    )
  } else if (status) {
    console.log(tableOf(entries))
    console.log(`\nsupervisor pid ${status.pid} · logs ${context.profile.logDir} · MySQL ${mysql.url}`)
  } else {
    console.log(`Profile ${context.profile.name} does not run. Start it with ./gochat up`)
  }
  return isWell ? 0 : 1
}

interface Entry extends Omit<ProcessStatus, 'ready'> {
  isHealthy: boolean
  /** Why not. */
  problem: string | null
  uptimeSeconds: number | null
}

async function inspect({ ready, ...status }: ProcessStatus): Promise<Entry> {
  const isUp = status.state === 'running' || status.state === 'external'
  const problem = await checkReady(ready, PROBE_MS).then(
    () => (isUp ? null : status.state),
    (error: unknown) => (error instanceof Error ? error.message || error.name : String(error)),
  )
  const uptimeSeconds = status.startedAt === undefined ? null : Math.round((Date.now() - status.startedAt) / 1000)
  return { ...status, isHealthy: problem === null, problem, uptimeSeconds }
}

function tableOf(entries: readonly Entry[]): string {
  const rows = entries.map((entry) => [
    entry.name,
    entry.state,
    entry.isHealthy ? 'healthy' : `NOT HEALTHY (${entry.problem?.split('\n')[0]?.slice(0, 60)})`,
    Object.entries(entry.ports)
      .map(([what, port]) => `${what} ${port}`)
      .join(', '),
    entry.pid === undefined ? '' : String(entry.pid),
    entry.uptimeSeconds === null ? '' : `${entry.uptimeSeconds} s`,
    String(entry.restarts),
  ])
  return table([['NAME', 'STATE', 'HEALTH', 'PORTS', 'PID', 'UP', 'RESTARTS'], ...rows])
}
