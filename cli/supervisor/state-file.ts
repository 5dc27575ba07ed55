import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Profile } from '#stack/profile.ts'
import { identify, type ProcessIdentity } from '#stack/proc.ts'
import type { ProcessStatus } from './spec.ts'

/** Who runs, so that a later command can tell our processes from strangers when the supervisor itself was killed. */
export interface SupervisorState {
  supervisor: ProcessIdentity
  children: { name: string; kind: ProcessStatus['kind']; identity: ProcessIdentity }[]
}

export function stateFile(profile: Profile): string {
  return join(profile.dataDir, 'supervisor.json')
}

export function writeState(profile: Profile, supervisor: ProcessIdentity, statuses: readonly ProcessStatus[]): void {
  const children = statuses.flatMap(({ name, kind, pid }) => {
    const identity = pid === undefined ? undefined : identify(pid)
    return identity ? [{ name, kind, identity }] : []
  })
  const file = stateFile(profile)
  writeFileSync(`${file}.new`, JSON.stringify({ supervisor, children } satisfies SupervisorState), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

export function readState(profile: Profile): SupervisorState | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(profile), 'utf8')) as SupervisorState
  } catch {
    return undefined
  }
}
