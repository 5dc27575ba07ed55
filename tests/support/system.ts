import { resolve } from 'node:path'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { openStack, type CommandContext } from '../../cli/context.ts'
import { findGateways, type GatewayAddress } from '../../cli/gateways.ts'
import { TEST_COUNTS, processSpec, type Role } from '../../cli/plan.ts'
import {
  connectSupervisor,
  type ProcessSpec,
  type ProcessStatus,
  type SupervisorClient,
} from '../../cli/supervisor/client.ts'
import { coverageEnv } from '../../cli/testing/coverage-env.ts'
import { deliveryConfig } from '#delivery/config.ts'
import { partitionOf } from '#delivery/partition.ts'
import { readConfig } from '#infra/config/index.ts'
import { createProfile, serverPort } from '#stack/profile.ts'
import { waitFor } from '#infra/testing/index.ts'

/** The running system of the test profile: where it is, and hands to break it with. */
export interface System {
  readonly supervisor: SupervisorClient
  readonly gateways: readonly GatewayAddress[]
  readonly mysqlUrl: string
  readonly accessTokenSecret: string
  readonly webUiUrl: string
  readonly dataDir: string
  /** Kills at once, without asking the supervisor, which will start it again. */
  kill(process: ProcessStatus, signal?: NodeJS.Signals): void
  /** Every process of that name or role, such as `logic-1` or `logic`. */
  processes(name: string): Promise<ProcessStatus[]>
  /** As the supervisor would start it, for adding one more or one with other settings. */
  spec(role: Role, n: number, env?: Record<string, string>): ProcessSpec
  /** Resolves when everything runs and says that it is ready. */
  waitUntilWell(timeoutMs?: number): Promise<void>
  /** Which logic process writes a conversation, and under which epoch. */
  ownerOf(conversationId: string): Promise<Owner>
  /**
   * A metric's samples, summed over labels, by process; processes that do not answer are left out. With a label, such as
   * `class="direct"`, only samples that carry it.
   */
  metric(name: string, label?: string): Promise<Map<string, number>>
}

export async function openSystem(): Promise<System> {
  const root = resolve(import.meta.dirname, '../..')
  const context: CommandContext = {
    root,
    profile: createProfile('test', root, process.env),
    env: coverageEnv(process.env['NODE_V8_COVERAGE']),
  }
  const supervisor = await connectSupervisor(context.profile)
  if (supervisor === undefined) throw new Error('The test stack does not run: use ./gochat test')
  const stack = await openStack(context)
  const processes = async (name: string) =>
    (await supervisor.status()).processes.filter(
      (found) => found.name === name || found.name.replace(/-\d+$/, '') === name,
    )
  const adminPorts = async () =>
    (await supervisor.status()).processes.flatMap(({ pid, ports }) =>
      ports['admin'] === undefined ? [] : [{ pid, port: ports['admin'] }],
    )
  return {
    supervisor,
    gateways: await findGateways(context),
    mysqlUrl: stack.env['GOCHAT_MYSQL_URL']!,
    webUiUrl: `http://127.0.0.1:${serverPort(context.profile, 'temporalUi')}`,
    accessTokenSecret: stack.credentials.accessTokenSecret,
    dataDir: context.profile.dataDir,
    kill: (target, signal = 'SIGKILL') => void process.kill(target.pid!, signal),
    processes,
    spec(role, n, env = {}) {
      const spec = processSpec(context.profile, stack, role, n, TEST_COUNTS)
      return { ...spec, env: { ...spec.env, ...env } }
    },
    async waitUntilWell(timeoutMs = 90_000) {
      await waitFor(
        async () => {
          const { processes: all } = await supervisor.status()
          const isReady = await Promise.all(
            (await adminPorts()).map(({ port }) => answers(`http://127.0.0.1:${port}/readyz`)),
          )
          return all.every(({ state }) => state === 'running' || state === 'external') && isReady.every(Boolean)
        },
        { timeoutMs, what: 'everything running and ready' },
      )
    },
    ownerOf: (conversationId) => readOwner(stack.env['GOCHAT_MYSQL_URL']!, conversationId),
    async metric(name, label) {
      const samples = new Map<string, number>()
      for (const { pid, port } of await adminPorts()) {
        const text = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(2000) }).then(
          (response) => response.text(),
          () => undefined,
        )
        if (text !== undefined) samples.set(`${pid}`, sumOf(text, name, label))
      }
      return samples
    },
  }
}

export interface Owner {
  /** Such as `logic-1`. */
  readonly name: string
  readonly epoch: number
}

async function readOwner(mysqlUrl: string, conversationId: string): Promise<Owner> {
  const partition = partitionOf(conversationId, readConfig(deliveryConfig).GOCHAT_UPSTREAM_PARTITIONS)
  const connection = await createConnection({ uri: mysqlUrl, connectTimeout: 5000 })
  try {
    const sql = 'SELECT owner, epoch FROM upstream_owners WHERE partition_id = ?'
    const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: 5000 }, [partition])
    return { name: String(rows[0]!['owner']), epoch: Number(rows[0]!['epoch']) }
  } finally {
    await connection.end()
  }
}

/** How much a counter grew over all processes; one that was restarted meanwhile counts from zero. */
export function growth(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return [...after].reduce((sum, [process, value]) => sum + value - (before.get(process) ?? 0), 0)
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.ok,
    () => false,
  )
}

function sumOf(text: string, name: string, label = ''): number {
  return text
    .split('\n')
    .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
