import { ensureCredentials, type Credentials } from '#stack/credentials.ts'
import type { Profile } from '#stack/profile.ts'
import { serverAddresses, stackEnv, type ServerAddress } from '#stack/servers.ts'

/** What every command gets. */
export interface CommandContext {
  profile: Profile
  /** The checkout. */
  root: string
  /** Added to what our processes get. */
  env?: Record<string, string>
}

/** What `cli/commands/<name>.ts` exports. */
export interface Command {
  /** One line for `./gochat help`. */
  summary: string
  usage: string
  /** Resolves to the exit code. Throw `UsageError` for wrong arguments. */
  run(args: string[], context: CommandContext): Promise<number>
}

/** Wrong arguments: shown with the command's usage, exit code 2. */
export class UsageError extends Error {}

export interface Stack {
  credentials: Credentials
  addresses: ServerAddress[]
  /** The variables that our processes and tests read. */
  env: Record<string, string>
}

export async function openStack({ profile, env }: CommandContext): Promise<Stack> {
  const credentials = await ensureCredentials(profile)
  const addresses = serverAddresses(profile, credentials, process.env)
  return { credentials, addresses, env: { ...partitionsOf(profile), ...stackEnv(addresses, process.env), ...env } }
}

/**
 * For one logic on one machine: a flush of few commands is a record in each of their partitions (docs/performance.md). Tests have the
 * configuration's own default, so that there is something to take over.
 */
function partitionsOf({ name }: Profile): Record<string, string> {
  return name === 'test' ? {} : { GOCHAT_UPSTREAM_PARTITIONS: process.env['GOCHAT_UPSTREAM_PARTITIONS'] || '2' }
}
