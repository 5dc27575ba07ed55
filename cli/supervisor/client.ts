import { createConnection } from 'node:net'
import { unixSocketPath, type Profile } from '#stack/profile.ts'
import { onLines } from './lines.ts'
import type { ControlRequest, ControlResponse, ProcessSpec, ProcessStatus, SupervisorStatus } from './spec.ts'

export type { ProcessSpec, ProcessStatus, SupervisorStatus } from './spec.ts'

/** Talks to a profile's supervisor; used by the commands and by tests. Every method throws when nobody answers. */
export interface SupervisorClient {
  status(): Promise<SupervisorStatus>
  /** One process; throws when the name is unknown. */
  process(name: string): Promise<ProcessStatus>
  /** Resolves when everything has stopped; the supervisor exits right after. */
  stop(): Promise<void>
  /** To one process: SIGKILL is a crash (it is started again), SIGSTOP and SIGCONT a pause. */
  signal(name: string, signal: NodeJS.Signals): Promise<void>
  /** Resolves when it is gone; it stays gone until `startProcess`. */
  stopProcess(name: string): Promise<void>
  startProcess(name: string): Promise<void>
  add(spec: ProcessSpec): Promise<void>
  remove(name: string): Promise<void>
}

const QUICK_MS = 5_000
const STOP_MS = 120_000

export function supervisorSocket(profile: Profile): string {
  return unixSocketPath(profile, 'supervisor.sock')
}

export function createSupervisorClient(socketPath: string): SupervisorClient {
  const quick = (request: ControlRequest): Promise<unknown> => ask(socketPath, request, QUICK_MS)
  const slow = (request: ControlRequest): Promise<unknown> => ask(socketPath, request, STOP_MS)
  const status = async (): Promise<SupervisorStatus> => (await quick({ op: 'status' })) as SupervisorStatus
  return {
    status,
    async process(name) {
      const found = (await status()).processes.find((process) => process.name === name)
      if (found === undefined) throw new Error(`no process is called ${name}`)
      return found
    },
    stop: async () => void (await slow({ op: 'stop' })),
    signal: async (name, signal) => void (await quick({ op: 'signal', name, signal })),
    stopProcess: async (name) => void (await slow({ op: 'stopProcess', name })),
    startProcess: async (name) => void (await quick({ op: 'startProcess', name })),
    add: async (spec) => void (await quick({ op: 'add', spec })),
    remove: async (name) => void (await slow({ op: 'remove', name })),
  }
}

/** The client, or undefined when no supervisor of this profile answers. */
export async function connectSupervisor(profile: Profile): Promise<SupervisorClient | undefined> {
  const client = createSupervisorClient(supervisorSocket(profile))
  return client.status().then(
    () => client,
    () => undefined,
  )
}

function ask(socketPath: string, request: ControlRequest, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath)
    const fail = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    socket.setTimeout(timeoutMs, () => fail(new Error(`the supervisor did not answer "${request.op}" in time`)))
    socket.once('error', fail)
    socket.once('close', () => reject(new Error(`the supervisor closed before it answered "${request.op}"`)))
    onLines(socket, (line) => {
      const response = JSON.parse(line) as ControlResponse
      if (response.ok) resolve(response.result)
      else reject(new Error(response.error))
      socket.destroy()
    })
    socket.write(JSON.stringify(request) + '\n')
  })
}
