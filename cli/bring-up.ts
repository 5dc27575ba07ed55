import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { acquireLock } from '#stack/lock.ts'
import { run } from '#stack/run.ts'
import { requireFreePorts } from '#stack/ports.ts'
import type { ServerAddress } from '#stack/servers.ts'
import { openStack, type CommandContext, type Stack } from './context.ts'
import { installServers } from './install-servers.ts'
import { processEnv, processSpecs, serverSpec, type Counts } from './plan.ts'
import type { Progress } from './progress.ts'
import { connectSupervisor, type ProcessSpec, type SupervisorClient } from './supervisor/client.ts'
import { endRemains, launchSupervisor } from './supervisor/launch.ts'
import { waitUntilRunning } from './wait-running.ts'

const LOCK_TIMEOUT_MS = 30 * 60_000
const PROVISION_TIMEOUT_MS = 2 * 60_000
const EXTERNAL_PROBE_MS = 10_000

/** Makes the profile run with these counts, from whatever state it is in. What runs already is left alone. */
export async function bringUp(context: CommandContext, counts: Counts, progress: Progress): Promise<Stack> {
  const { profile } = context
  await using _ = await acquireLock(`up ${profile.dataDir}`, {
    timeoutMs: LOCK_TIMEOUT_MS,
    onWait: () => progress.note('another ./gochat up works on this profile: waiting for it'),
  })
  await mkdir(profile.logDir, { recursive: true, mode: 0o700 })
  const stack = await openStack(context)
  const running = await connectSupervisor(profile)
  if (running === undefined) await cleanUp(context, progress)

  const present = new Set((await running?.status())?.processes.map(({ name }) => name))
  const absent = stack.addresses.filter(({ server }) => !present.has(server.name))
  const servers = await prepareServers(context, stack, absent, progress)
  const processes = processSpecs(profile, stack, counts)
  const newProcesses = processes.filter(({ name }) => !present.has(name))
  await requireFreePorts([...servers, ...newProcesses].flatMap(({ ports }) => Object.values(ports)))

  const client = running ?? (await progress.step('start the supervisor', () => launchSupervisor(profile)))
  for (const spec of servers) await client.add(spec)
  await startStopped(client)
  await waitUntilRunning(client, progress, 'server', servers)

  if (newProcesses.length > 0) {
    await progress.step('prepare tables, topics and namespace', () => provision(processEnv(profile, stack)))
  }
  await removeSurplus(client, processes)
  for (const spec of newProcesses) await client.add(spec)
  await waitUntilRunning(client, progress, 'process', newProcesses)
  return stack
}

async function cleanUp({ profile }: CommandContext, progress: Progress): Promise<void> {
  const names = await endRemains(profile)
  if (names.length > 0) progress.note(`the supervisor was killed; ended what it had left: ${names.join(', ')}`)
}

async function prepareServers(
  { profile }: CommandContext,
  stack: Stack,
  addresses: readonly ServerAddress[],
  progress: Progress,
): Promise<ProcessSpec[]> {
  const local = addresses.filter(({ isExternal }) => !isExternal).map(({ server }) => server)
  const found = await installServers(local, progress)
  return Promise.all(
    addresses.map(async (address) => {
      const { server, isExternal } = address
      if (isExternal) {
        await progress.step(`${server.title}: external, given by ${server.variable}`, () => probeExternal(address))
        return serverSpec(profile, address, undefined)
      }
      const dir = join(profile.dataDir, server.name)
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const run = await server.prepare({ profile, credentials: stack.credentials, dir }, found.get(server.name)!)
      return serverSpec(profile, address, run)
    }),
  )
}

async function provision(env: Record<string, string>): Promise<void> {
  const script = join(import.meta.dirname, 'provision-process.ts')
  await run(process.execPath, [script], { env, timeoutMs: PROVISION_TIMEOUT_MS })
}

async function probeExternal({ server, address }: ServerAddress): Promise<void> {
  try {
    await server.probe(address, EXTERNAL_PROBE_MS)
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error)
    throw new Error(`${server.title}, given by ${server.variable}, does not answer: ${reason}`, { cause: error })
  }
}

async function startStopped(client: SupervisorClient): Promise<void> {
  const { processes } = await client.status()
  for (const { name, state } of processes) if (state === 'stopped') await client.startProcess(name)
}

async function removeSurplus(client: SupervisorClient, wanted: readonly ProcessSpec[]): Promise<void> {
  const names = new Set(wanted.map(({ name }) => name))
  const { processes } = await client.status()
  const surplus = processes.filter(({ name, kind }) => kind === 'process' && !names.has(name))
  await Promise.all(surplus.map(({ name }) => client.remove(name)))
}
