import { rm } from 'node:fs/promises'
import { identify } from '#stack/proc.ts'
import type { CommandContext } from './context.ts'
import type { Progress } from './progress.ts'
import { connectSupervisor } from './supervisor/client.ts'
import { endRemains, waitUntilGone } from './supervisor/launch.ts'

const EXIT_TIMEOUT_MS = 10_000

/** Stops everything of the profile, also what a killed supervisor has left. */
export async function bringDown(
  { profile }: CommandContext,
  progress: Progress,
  options: { hasToWipe: boolean },
): Promise<void> {
  const client = await connectSupervisor(profile)
  if (client) {
    await progress.step(`stop everything of profile ${profile.name}`, async () => {
      const identity = identify((await client.status()).pid)
      await client.stop()
      if (identity) await waitUntilGone([identity], EXIT_TIMEOUT_MS)
    })
  } else {
    const names = await endRemains(profile)
    progress.note(names.length > 0 ? `ended what a killed supervisor had left: ${names.join(', ')}` : 'nothing runs')
  }
  if (!options.hasToWipe) return
  await progress.step(`remove ${profile.dataDir}`, () => rm(profile.dataDir, { recursive: true, force: true }))
}
