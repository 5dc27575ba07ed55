import type { Profile } from '#stack/profile.ts'
import type { Report } from '#stack/server.ts'
import type { Processes } from '../driver/processes.ts'

/** A server that stands beside GoChat for the time of a run. */
export interface PeerProcess {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly port: number
}

export interface PeerContext {
  readonly profile: Profile
  readonly mysqlUrl: string
  /** The driver, the database: whoever's CPU a peer may be charged with besides its own. */
  readonly processes: Processes
  /** Starts it under the profile's supervisor, which ends it with the stack if this process cannot. Returns its pid. */
  readonly launch: (process: PeerProcess) => Promise<number>
  readonly report: Report
}

/** Ports of the profile, behind those of GoChat's own processes. */
export const peerPortOffset = { ejabberd: 291, 'socket.io': 292, bare: 293 } as const
