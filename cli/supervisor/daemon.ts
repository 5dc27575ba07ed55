/** One supervisor for each profile, started detached by `up`; lives until it is told to stop. Starts empty: `up` adds the plan. */
import { existsSync } from 'node:fs'
import { createProfile, isProfileName, type Profile } from '#stack/profile.ts'
import { acquireLock } from '#stack/lock.ts'
import { identify } from '#stack/proc.ts'
import { supervisorSocket } from './client.ts'
import { listenControl } from './control.ts'
import type { ControlRequest } from './spec.ts'
import { stateFile, writeState } from './state-file.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'

const FOLDER_CHECK_MS = 5_000

const [profileName = '', root = ''] = process.argv.slice(2)
if (!isProfileName(profileName)) throw new Error(`no profile is called ${profileName}`)
await main(createProfile(profileName, root, process.env))

async function main(profile: Profile): Promise<void> {
  await acquireLock(`supervisor ${profile.dataDir}`, { timeoutMs: 0 })
  const self = identify(process.pid)!
  const supervisor = createSupervisor({
    onChange: (statuses) => {
      if (existsSync(stateFile(profile))) writeState(profile, self, statuses)
    },
  })
  writeState(profile, self, [])

  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => (stopping ??= supervisor.stopAll())
  const socket = supervisorSocket(profile)
  await listenControl(socket, (request) => handle(supervisor, request, stop))

  process.on('SIGHUP', () => {})
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop().then(() => process.exit(0)))
  // Whoever deletes the data folder, or the whole clone, must not leave servers behind that nobody can reach.
  setInterval(() => {
    if (!existsSync(socket) || !existsSync(stateFile(profile))) void stop().then(() => process.exit(0))
  }, FOLDER_CHECK_MS)
}

async function handle(supervisor: Supervisor, request: ControlRequest, stop: () => Promise<void>): Promise<unknown> {
  switch (request.op) {
    case 'status':
      return { pid: process.pid, processes: supervisor.status() }
    case 'stop':
      await stop()
      return void setTimeout(() => process.exit(0), 50) // after the answer has left
    case 'signal':
      return supervisor.signal(request.name, request.signal)
    case 'stopProcess':
      return supervisor.stopProcess(request.name)
    case 'startProcess':
      return supervisor.startProcess(request.name)
    case 'add':
      return supervisor.add(request.spec)
    case 'remove':
      return supervisor.remove(request.name)
  }
  throw new Error('unknown request')
}
