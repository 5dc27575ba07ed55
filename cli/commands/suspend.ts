import { parseArgs } from 'node:util'
import { connectEtcd, watchHosts } from '#infra/discovery/index.ts'
import { AppError } from '#infra/errors/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { createMetrics } from '#infra/metrics/index.ts'
import { createRpcClient } from '#infra/rpc/index.ts'
import { SessionService } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import { UserService } from '#proto/gen/gochat/user/v1/user_service_pb.ts'
import { openStack, UsageError, type CommandContext } from '../context.ts'

export const summary = 'log a user out everywhere and let it in no more'
export const usage = 'suspend NAME [--lift]     --lift lets it log in again'

const TIMEOUT_MS = 8_000

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { lift: { type: 'boolean', default: false } },
  })
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) throw new UsageError('Name one user.')
  const { env } = await openStack(context)
  try {
    await setSuspended(env['GOCHAT_ETCD_ENDPOINTS']!.split(','), name, !values.lift)
  } catch (error) {
    if (error instanceof AppError) throw new Error(`${error.code}: ${error.message}`, { cause: error })
    throw error
  }
  console.log(values.lift ? `${name} may log in again.` : `${name} is suspended.`)
  return 0
}

/** By the service that REST asks too, so that gateways hear of it. */
async function setSuspended(endpoints: string[], name: string, isSuspended: boolean): Promise<void> {
  const log = createLogger({ name: 'cli', instance: 'cli', level: 'silent' })
  const metrics = createMetrics({ service: 'cli', instance: 'cli', hasProcessMetrics: false })
  await using etcd = connectEtcd({ endpoints, log })
  await using hosts = await watchHosts(etcd, 'logic', log)
  if (hosts.current().length === 0) throw new Error('No logic process is running. Start it with ./gochat up')
  const target = { hosts, log, metrics, timeoutMs: TIMEOUT_MS }
  await using users = createRpcClient(UserService, target)
  await using sessions = createRpcClient(SessionService, target)
  const { user } = await users.findProfile({ name })
  const who = { userId: user?.id ?? '' }
  if (isSuspended) await sessions.suspendUser(who)
  else await sessions.restoreUser(who)
}
