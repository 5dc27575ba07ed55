import type { ServerName } from '#stack/server.ts'

/** When a started process counts as running. */
export type ReadyCheck =
  { type: 'none' } | { type: 'http'; url: string } | { type: 'server'; server: ServerName; address: string }

export interface ProcessSpec {
  name: string
  kind: 'server' | 'process'
  /** Runs elsewhere: listed and probed, never started, signalled or stopped. */
  isExternal?: boolean
  command: string
  args: string[]
  /** Added to the supervisor's own environment. */
  env: Record<string, string>
  cwd: string
  logFile: string
  /** Port by what it serves, such as { http: 21101, admin: 21201 }. */
  ports: Record<string, number>
  ready: ReadyCheck
  stopSignal: NodeJS.Signals
  stopTimeoutMs: number
  /** Its first start waits until these run; a name that is not in the plan does not count. */
  dependsOn: string[]
}

export type ProcessState = 'starting' | 'running' | 'backoff' | 'stopped' | 'external'

export interface ProcessStatus {
  name: string
  kind: 'server' | 'process'
  state: ProcessState
  pid: number | undefined
  ports: Record<string, number>
  /** Milliseconds since the epoch. */
  startedAt: number | undefined
  /** Starts after the first one that nobody asked for. */
  restarts: number
  lastExit: string | undefined
  logFile: string
  ready: ReadyCheck
}

export interface SupervisorStatus {
  pid: number
  processes: ProcessStatus[]
}

/** What the control socket understands: one JSON object a line, one answer to each. */
export type ControlRequest =
  | { op: 'status' }
  | { op: 'stop' }
  | { op: 'signal'; name: string; signal: NodeJS.Signals }
  | { op: 'stopProcess'; name: string }
  | { op: 'startProcess'; name: string }
  | { op: 'add'; spec: ProcessSpec }
  | { op: 'remove'; name: string }

export type ControlResponse = { ok: true; result: unknown } | { ok: false; error: string }
