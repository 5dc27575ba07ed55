import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessIdentity } from '#stack/proc.ts'
import type { Profile } from '#stack/profile.ts'
import { waitUntil } from '#stack/wait.ts'
import { connectSupervisor, type SupervisorClient } from './client.ts'
import { openLog } from './log-file.ts'
import { readState } from './state-file.ts'

const START_TIMEOUT_MS = 15_000
const ORPHAN_STOP_MS = 20_000

/** Starts the profile's supervisor in a session of its own, so that it outlives the terminal. */
export async function launchSupervisor(profile: Profile): Promise<SupervisorClient> {
  const logFile = join(profile.logDir, 'supervisor.log')
  const log = openLog(logFile)
  const daemon = join(import.meta.dirname, 'daemon.ts')
  const child = spawn(
    process.execPath,
    ['--disable-warning=TimeoutNegativeWarning', daemon, profile.name, profile.root],
    {
      cwd: profile.root,
      env: { ...process.env, GOCHAT_DATA_DIR: profile.dataDir, GOCHAT_PORT_BASE: String(profile.portBase) },
      stdio: ['ignore', log, log],
      detached: true,
    },
  )
  closeSync(log)
  child.unref()
  return waitUntil(
    async () => {
      const client = await connectSupervisor(profile)
      if (client === undefined) throw new Error(`The supervisor did not start; its log is ${logFile}`)
      return client
    },
    { timeoutMs: START_TIMEOUT_MS, intervalMs: 50 },
  )
}

/**
 * Ends what a killed supervisor has left: processes first, servers after them. Returns their names. A supervisor that
 * lives but does not answer is ended too.
 */
export async function endRemains(profile: Profile): Promise<string[]> {
  const state = readState(profile)
  if (state === undefined) return []
  if (isAlive(state.supervisor)) {
    process.kill(state.supervisor.pid, 'SIGKILL')
    await waitUntilGone([state.supervisor], ORPHAN_STOP_MS)
  }
  const orphans = state.children.filter(({ identity }) => isAlive(identity))
  for (const kind of ['process', 'server'] as const) {
    const wave = orphans.filter((orphan) => orphan.kind === kind).map(({ identity }) => identity)
    for (const { pid } of wave) signalGroup(pid, 'SIGTERM')
    for (const { pid } of wave) signalGroup(pid, 'SIGCONT')
    await waitUntilGone(wave, ORPHAN_STOP_MS)
    for (const identity of wave.filter(isAlive)) signalGroup(identity.pid, 'SIGKILL')
    await waitUntilGone(wave, ORPHAN_STOP_MS)
  }
  return orphans.map(({ name }) => name)
}

export async function waitUntilGone(identities: readonly ProcessIdentity[], timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (identities.some(isAlive) && Date.now() < deadline) await sleep(50)
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Gone meanwhile.
  }
}
