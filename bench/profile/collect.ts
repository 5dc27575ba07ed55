/**
 * CPU profiles of running processes that were not started for it: SIGUSR1 opens a process's inspector, through which it is told to
 * profile itself. All inspectors have the same port, so it is closed again before the next process is asked.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil, withTimeout } from '#stack/wait.ts'

const inspectorUrl = 'http://127.0.0.1:9229/json/list'
const timeoutMs = 15_000
/** Microseconds. */
const samplingInterval = 500
/** Then a process stops by itself, if nobody came back for the profile. */
const longestMs = 15 * 60_000

const startCode = `(async () => {
  const { Session } = process.getBuiltinModule('node:inspector/promises')
  const session = (globalThis.gochatProfile = new Session())
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: ${samplingInterval} })
  await session.post('Profiler.start')
  setTimeout(() => session.disconnect(), ${longestMs}).unref()
})()`

const stopCode = (file: string) => `(async () => {
  const session = globalThis.gochatProfile
  delete globalThis.gochatProfile
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  process.getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify(profile))
})()`

const closeCode = `setTimeout(() => process.getBuiltinModule('node:inspector').close(), 10)`

/** Profiles every process while `work` runs. Returns the files by process name. */
export async function withCpuProfiles<T>(
  processes: ReadonlyMap<string, number>,
  folder: string,
  id: string,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly files: ReadonlyMap<string, string> }> {
  const files = new Map([...processes.keys()].map((name) => [name, join(folder, `${id}.${name}.cpuprofile`)] as const))
  const started: string[] = []
  try {
    for (const [name, pid] of processes) {
      await evaluate(pid, startCode)
      started.push(name)
    }
    return { value: await work(), files }
  } finally {
    for (const name of started) await evaluate(processes.get(name)!, stopCode(files.get(name)!))
  }
}

/** Opens the inspector of a process, runs code there to its end, and closes it. */
async function evaluate(pid: number, code: string): Promise<void> {
  process.kill(pid, 'SIGUSR1')
  const url = await waitUntil(
    async () => {
      const targets = (await (await fetch(inspectorUrl)).json()) as { readonly webSocketDebuggerUrl: string }[]
      return targets[0]!.webSocketDebuggerUrl
    },
    { timeoutMs },
  )
  const socket = new WebSocket(url)
  try {
    // Another process of this machine may hold the port.
    const guarded = `process.pid === ${pid} ? ${code} : Promise.reject(new Error('9229 is the inspector of ' + process.pid))`
    await withTimeout(ask(socket, guarded), timeoutMs, `the inspector of process ${pid}`)
    socket.send(evaluation(2, closeCode))
    await sleep(50)
  } finally {
    socket.close()
  }
  // Its port is free once it is closed.
  await waitUntil(
    async () => {
      const isOpen = await fetch(inspectorUrl).then(
        () => true,
        () => false,
      )
      if (isOpen) throw new Error(`the inspector of process ${pid} stays open`)
    },
    { timeoutMs },
  )
}

function ask(socket: WebSocket, code: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => socket.send(evaluation(1, code)))
    socket.addEventListener('error', () => reject(new Error('the inspector cannot be reached')))
    socket.addEventListener('message', ({ data }) => {
      const { id, error, result } = JSON.parse(String(data)) as {
        id?: number
        error?: { message: string }
        result?: { exceptionDetails?: { exception?: { description?: string } } }
      }
      if (id !== 1) return
      const failure = error?.message ?? result?.exceptionDetails?.exception?.description
      if (failure === undefined) resolve()
      else reject(new Error(failure))
    })
  })
}

function evaluation(id: number, expression: string): string {
  return JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression, awaitPromise: true } })
}
