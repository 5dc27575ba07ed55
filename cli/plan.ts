import { join } from 'node:path'
import type { Profile } from '#stack/profile.ts'
import type { ServerAddress } from '#stack/servers.ts'
import type { ServerCommand } from '#stack/server.ts'
import type { Stack } from './context.ts'
import type { ProcessSpec } from './supervisor/spec.ts'

export type Role = 'gateway' | 'logic' | 'repo' | 'tasks' | 'worker' | 'dispatcher'
export type Counts = Record<Role, number>

/** One logic: a second one halves the batches of both, and costs a two-core machine a third of what it carries (docs/performance.md). */
export const DEFAULT_COUNTS: Counts = { repo: 1, tasks: 1, logic: 1, gateway: 2, worker: 1, dispatcher: 1 }
/** Tests have two of what takes work over from each other. */
export const TEST_COUNTS: Counts = { ...DEFAULT_COUNTS, logic: 2 }
/** What the port plan has room for. */
export const MAX_COUNT = 9
/** A folder of the data folder. */
export const COMPILE_CACHE = 'compile-cache'
/** kafkajs sets negative timeouts; Node 24 would warn of each process's first. */
const QUIET = '--disable-warning=TimeoutNegativeWarning'

interface RoleSettings {
  entry: string
  /** Added to the port base and to the instance's number, which starts at 1. */
  adminOffset: number
  main?: { variable: string; offset: number; serves: string }
  after: Role[]
}

/** In the order of starting. */
export const ROLES: Record<Role, RoleSettings> = {
  repo: {
    entry: 'services/repo/main.ts',
    adminOffset: 240,
    main: { variable: 'GOCHAT_REPO_RPC_PORT', offset: 140, serves: 'rpc' },
    after: [],
  },
  tasks: {
    entry: 'temporal/task-service/main.ts',
    adminOffset: 280,
    main: { variable: 'GOCHAT_TASKS_RPC_PORT', offset: 160, serves: 'rpc' },
    after: ['repo'],
  },
  logic: {
    entry: 'services/logic/main.ts',
    adminOffset: 220,
    main: { variable: 'GOCHAT_LOGIC_RPC_PORT', offset: 120, serves: 'rpc' },
    after: ['repo'],
  },
  gateway: {
    entry: 'services/gateway/main.ts',
    adminOffset: 200,
    main: { variable: 'GOCHAT_GATEWAY_PORT', offset: 100, serves: 'http' },
    after: ['repo', 'logic'],
  },
  worker: { entry: 'temporal/worker/main.ts', adminOffset: 260, after: ['repo'] },
  dispatcher: { entry: 'temporal/dispatcher/main.ts', adminOffset: 270, after: ['repo'] },
}

export function processSpecs(profile: Profile, stack: Stack, counts: Counts): ProcessSpec[] {
  return (Object.keys(ROLES) as Role[]).flatMap((role) =>
    Array.from({ length: counts[role] }, (_, i) => processSpec(profile, stack, role, i + 1, counts)),
  )
}

/** One process of ours; tests use it to add a third logic. */
export function processSpec(profile: Profile, stack: Stack, role: Role, n: number, counts: Counts): ProcessSpec {
  const { entry, adminOffset, main, after } = ROLES[role]
  const name = `${role}-${n}`
  const admin = profile.portBase + adminOffset + n
  const mainPort = main && profile.portBase + main.offset + n
  return {
    name,
    kind: 'process',
    command: process.execPath,
    args: [QUIET, '--import', join(profile.root, 'infra/tracing/register.ts'), join(profile.root, entry)],
    env: {
      ...processEnv(profile, stack),
      GOCHAT_INSTANCE: name,
      GOCHAT_ADMIN_PORT: String(admin),
      ...(main ? { [main.variable]: String(mainPort) } : {}),
    },
    cwd: profile.root,
    logFile: join(profile.logDir, `${name}.log`),
    ports: { ...(main && mainPort ? { [main.serves]: mainPort } : {}), admin },
    ready: { type: 'http', url: `http://127.0.0.1:${admin}/readyz` },
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
    dependsOn: [
      ...stack.addresses.map(({ server }) => server.name),
      ...after.flatMap((other) => Array.from({ length: counts[other] }, (_, i) => `${other}-${i + 1}`)),
    ],
  }
}

export function processEnv(profile: Profile, stack: Stack): Record<string, string> {
  return {
    ...stack.env,
    GOCHAT_MODE: profile.name === 'test' ? 'test' : 'development',
    GOCHAT_ACCESS_TOKEN_SECRET: stack.credentials.accessTokenSecret,
    NODE_COMPILE_CACHE: join(profile.dataDir, COMPILE_CACHE),
  }
}

/** `run` is undefined for an external server. */
export function serverSpec(
  profile: Profile,
  { server, address, isExternal }: ServerAddress,
  run: ServerCommand | undefined,
): ProcessSpec {
  return {
    name: server.name,
    kind: 'server',
    ...(isExternal ? { isExternal } : {}),
    command: run?.command ?? '',
    args: run?.args ?? [],
    env: run?.env ?? {},
    cwd: join(profile.dataDir, server.name),
    logFile: join(profile.logDir, `${server.name}.log`),
    ports: isExternal ? {} : server.ports(profile),
    ready: { type: 'server', server: server.name, address },
    stopSignal: run?.stopSignal ?? 'SIGTERM',
    stopTimeoutMs: run?.stopTimeoutMs ?? 0,
    dependsOn: [],
  }
}
