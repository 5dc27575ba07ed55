/**
 * stack/ runs the third-party servers natively on one machine: find, install, start, wait, stop.
 * One file per server under `servers/`; each is a `ServerDefinition`. Nothing here knows what GoChat does with a server.
 */
import type { Credentials } from './credentials.ts'
import type { Profile } from './profile.ts'

export type ServerName = 'mysql' | 'redis' | 'etcd' | 'kafka' | 'temporal'

/** Says what happens during a slow step; the caller decides how to show it. */
export type Report = (line: string) => void

export interface ServerContext {
  profile: Profile
  credentials: Credentials
  /** This server's own folder inside the profile's data folder. */
  dir: string
}

/** What must run, as the supervisor needs it. */
export interface ServerCommand {
  command: string
  args: string[]
  env?: Record<string, string>
  stopSignal: NodeJS.Signals
  stopTimeoutMs: number
}

export interface ServerDefinition {
  name: ServerName
  title: string
  /** The environment variable that names this server to our processes; when given from outside, nothing is installed or started. */
  variable: string
  /** What `variable` holds for the local server. */
  address(context: Omit<ServerContext, 'dir'>): string
  ports(profile: Profile): Record<string, number>
  /** Debian packages to install when `find` finds nothing. All servers' packages go through one apt-get. */
  debianPackages?: string[]
  /** Paths of what is needed to run it, or undefined when it must be installed. */
  find(): Promise<Record<string, string> | undefined>
  /** Installs what Debian does not have, into the per-user cache. */
  install?(report: Report): Promise<void>
  /** Writes configuration, makes the data folder once, returns what to run. Runs before every start. */
  prepare(context: ServerContext, found: Record<string, string>): Promise<ServerCommand>
  /** Resolves when the server at this address truly answers, else throws. */
  probe(address: string, timeoutMs: number): Promise<void>
}
