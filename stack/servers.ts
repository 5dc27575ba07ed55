import type { Profile } from './profile.ts'
import type { Credentials } from './credentials.ts'
import type { ServerDefinition } from './server.ts'
import { etcd } from './servers/etcd.ts'
import { kafka } from './servers/kafka.ts'
import { mysql } from './servers/mysql.ts'
import { redis } from './servers/redis.ts'
import { TEMPORAL_NAMESPACE, temporal } from './servers/temporal.ts'

export const SERVERS: readonly ServerDefinition[] = [mysql, redis, etcd, kafka, temporal]

export interface ServerAddress {
  server: ServerDefinition
  address: string
  /** Given by the environment: neither installed nor started nor stopped by us. */
  isExternal: boolean
}

/**
 * An address equal to our own local one is not external: our processes and tests get these variables, and may call the
 * script again with them.
 */
export function serverAddresses(profile: Profile, credentials: Credentials, env: NodeJS.ProcessEnv): ServerAddress[] {
  return SERVERS.map((server) => {
    const local = server.address({ profile, credentials })
    const given = env[server.variable]
    return { server, address: given || local, isExternal: Boolean(given) && given !== local }
  })
}

/** What every process of ours, and every test, reads to find the servers. */
export function stackEnv(addresses: readonly ServerAddress[], env: NodeJS.ProcessEnv): Record<string, string> {
  const variables = addresses.map(({ server, address }) => [server.variable, address] as const)
  return {
    ...Object.fromEntries(variables),
    GOCHAT_TEMPORAL_NAMESPACE: env['GOCHAT_TEMPORAL_NAMESPACE'] || TEMPORAL_NAMESPACE,
  }
}
