import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readCredentials } from '#stack/credentials.ts'
import type { Profile } from '#stack/profile.ts'
import { bringDown } from '../bring-down.ts'
import { bringUp } from '../bring-up.ts'
import type { CommandContext } from '../context.ts'
import { COMPILE_CACHE, TEST_COUNTS, processEnv } from '../plan.ts'
import type { Progress } from '../progress.ts'
import { connectSupervisor } from '../supervisor/client.ts'
import { endRemains } from '../supervisor/launch.ts'

export interface TestStack {
  root: string
  /** Starts it, on empty data unless it was kept, always with processes of today's code. Returns what tests get as environment. */
  start(): Promise<Record<string, string>>
  /** Brings back what a test has stopped or removed. */
  heal(): Promise<void>
  /** Ends our processes; the servers stay. */
  stopProcesses(): Promise<void>
  stop(): Promise<void>
}

export function openTestStack(context: CommandContext, progress: Progress): TestStack {
  const { profile, root } = context
  return {
    root,
    async start() {
      const kept = await connectSupervisor(profile)
      if (kept) await removeProcesses(kept)
      else await wipe(profile)
      const stack = await bringUp(context, TEST_COUNTS, progress)
      return {
        ...processEnv(profile, stack),
        GOCHAT_PROFILE: profile.name,
        GOCHAT_DATA_DIR: profile.dataDir,
        GOCHAT_PORT_BASE: String(profile.portBase),
      }
    },
    heal: async () => void (await bringUp(context, TEST_COUNTS, progress)),
    async stopProcesses() {
      const client = await connectSupervisor(profile)
      if (client) await removeProcesses(client)
    },
    stop: () => bringDown(context, progress, { hasToWipe: false }),
  }
}

async function removeProcesses(client: NonNullable<Awaited<ReturnType<typeof connectSupervisor>>>): Promise<void> {
  const { processes } = await client.status()
  const ours = processes.filter(({ kind }) => kind === 'process')
  await Promise.all(ours.map(({ name }) => client.remove(name)))
}

/** Only a folder that we made: it holds our credentials. What Node has compiled stays. */
async function wipe(profile: Profile): Promise<void> {
  if ((await readCredentials(profile)) === undefined) return
  await endRemains(profile)
  const entries = await readdir(profile.dataDir)
  const data = entries.filter((entry) => entry !== COMPILE_CACHE)
  await Promise.all(data.map((entry) => rm(join(profile.dataDir, entry), { recursive: true })))
}
