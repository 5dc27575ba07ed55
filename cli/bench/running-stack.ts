import { join } from 'node:path'
import { acquireLock } from '#stack/lock.ts'
import { waitUntil } from '#stack/wait.ts'
import { groupProcesses } from '../../bench/driver/processes.ts'
import type { PeerProcess } from '../../bench/peers/peer.ts'
import type { GoChatOptions } from '../../bench/systems/gochat.ts'
import { openStack, type CommandContext } from '../context.ts'
import { findGateways } from '../gateways.ts'
import { DEFAULT_COUNTS, MAX_COUNT, processSpec } from '../plan.ts'
import { connectSupervisor, type ProcessStatus, type SupervisorClient } from '../supervisor/client.ts'

/** The profile that is up, as the bench uses it. What it adds to it goes with it. */
export interface RunningStack extends AsyncDisposable {
  readonly gochat: GoChatOptions
  readonly repoHost: string
  readonly temporal: { readonly address: string; readonly namespace: string }
  /** Our own processes, by name: those that can be profiled. */
  readonly ours: ReadonlyMap<string, number>
  launch(process: PeerProcess): Promise<number>
  withGateways<T>(count: number, work: (options: GoChatOptions) => Promise<T>): Promise<T>
}

const startTimeoutMs = 60_000

/** @throws Error when the profile is not up. */
export async function openRunningStack(context: CommandContext): Promise<RunningStack> {
  await findGateways(context)
  const { profile } = context
  const lock = await acquireLock(`bench ${profile.dataDir}`, { timeoutMs: 0 })
  const client = (await connectSupervisor(profile))!
  const stack = await openStack(context)
  const peers = new Set<string>()
  const gateways = new Set<string>()
  const processes = (await client.status()).processes
  const repo = processes.find(({ name, state }) => name.startsWith('repo-') && state === 'running')
  if (repo === undefined) throw new Error(`Profile ${profile.name} has no repo running. See ./gochat status`)

  async function describe(): Promise<GoChatOptions> {
    return {
      gateways: await findGateways(context),
      processes: await chargedProcesses(client, peers),
      mysqlUrl: stack.env['GOCHAT_MYSQL_URL']!,
      accessTokenSecret: stack.credentials.accessTokenSecret,
    }
  }

  async function remove(name: string): Promise<void> {
    peers.delete(name)
    gateways.delete(name)
    await client.remove(name)
  }

  return {
    gochat: await describe(),
    repoHost: `127.0.0.1:${repo.ports['rpc']}`,
    temporal: { address: stack.env['GOCHAT_TEMPORAL_ADDRESS']!, namespace: stack.env['GOCHAT_TEMPORAL_NAMESPACE']! },
    ours: pidsOf(processes.filter(({ kind }) => kind === 'process')),

    async launch({ name, command, args, env, port }) {
      // What a killed bench has left.
      if ((await client.status()).processes.some((process) => process.name === name)) await client.remove(name)
      peers.add(name)
      await client.add({
        name,
        kind: 'process',
        command,
        args: [...args],
        env: { ...env },
        cwd: profile.dataDir,
        logFile: join(profile.logDir, `${name}.log`),
        ports: { peer: port },
        ready: { type: 'none' },
        stopSignal: 'SIGTERM',
        stopTimeoutMs: 10_000,
        dependsOn: [],
      })
      return waitUntil(async () => (await running(client, name)).pid!, { timeoutMs: startTimeoutMs })
    },

    async withGateways(count, work) {
      const present = (await findGateways(context)).length
      if (count > MAX_COUNT) throw new Error(`That takes ${count} gateways, and a profile has room for ${MAX_COUNT}.`)
      const names = Array.from({ length: Math.max(0, count - present) }, (_, i) => `gateway-${present + i + 1}`)
      try {
        for (const [i, name] of names.entries()) {
          gateways.add(name)
          await client.add(processSpec(profile, stack, 'gateway', present + i + 1, DEFAULT_COUNTS))
          await waitUntil(() => running(client, name), { timeoutMs: startTimeoutMs })
        }
        return await work(await describe())
      } finally {
        for (const name of gateways) await remove(name)
      }
    },

    async [Symbol.asyncDispose]() {
      for (const name of [...peers, ...gateways]) await remove(name)
      await lock[Symbol.asyncDispose]()
    },
  }
}

async function running(client: SupervisorClient, name: string): Promise<ProcessStatus> {
  const status = await client.process(name)
  if (status.state !== 'running') throw new Error(`${name} is ${status.state}; its log is ${status.logFile}`)
  return status
}

/** Every server and process of the profile, without what the bench has put beside it, and this driver. */
async function chargedProcesses(client: SupervisorClient, peers: ReadonlySet<string>) {
  const { processes } = await client.status()
  return groupProcesses([...pidsOf(processes.filter(({ name }) => !peers.has(name))), ['driver', process.pid]])
}

function pidsOf(processes: readonly ProcessStatus[]): Map<string, number> {
  return new Map(processes.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const])))
}
