import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBackoff } from './backoff.ts'
import { openLog } from './log-file.ts'
import { checkReady } from './ready.ts'
import type { ProcessSpec, ProcessState, ProcessStatus } from './spec.ts'

const READY_POLL_MS = 100
const READY_TIMEOUT_MS = 2_000

/** One supervised process: keeps it running from `start` until `stop`. */
export interface Child {
  readonly spec: ProcessSpec
  status(): ProcessStatus
  start(): void
  /** Resolves when it is gone: asked politely first, killed with its whole group after its time. */
  stop(): Promise<void>
  /** To the process itself, not its group. */
  signal(signal: NodeJS.Signals): void
}

export function createChild(spec: ProcessSpec, onChange: () => void): Child {
  const backoff = createBackoff()
  let state: ProcessState = 'stopped'
  let isWanted = false
  let running: { process: ChildProcess; exited: Promise<void>; startedAt: number; readyAt?: number } | undefined
  let restartTimer: NodeJS.Timeout | undefined
  let restarts = 0
  let lastExit: string | undefined

  function launch(): void {
    restartTimer = undefined
    const { process: child, exited } = spawnInOwnGroup(spec)
    const current: NonNullable<typeof running> = { process: child, exited: Promise.resolve(), startedAt: Date.now() }
    current.exited = exited.then((reason) => handleExit(reason))
    running = current
    setState('starting')
    void untilReady(spec, () => running === current).then((isReady) => {
      if (!isReady) return
      current.readyAt = Date.now()
      setState('running')
    })
  }

  function handleExit(reason: string): void {
    killGroup(running?.process.pid, 'SIGKILL') // what it started and left behind
    const healthyMs = running?.readyAt === undefined ? 0 : Date.now() - running.readyAt
    running = undefined
    lastExit = `${reason}, ${new Date().toISOString()}`
    if (!isWanted) return setState('stopped')
    restarts += 1
    restartTimer = setTimeout(launch, backoff.nextDelayMs(healthyMs))
    setState('backoff')
  }

  function setState(next: ProcessState): void {
    state = next
    onChange()
  }

  return {
    spec,
    status: () => ({
      name: spec.name,
      kind: spec.kind,
      state,
      pid: running?.process.pid,
      ports: spec.ports,
      startedAt: running?.startedAt,
      restarts,
      lastExit,
      logFile: spec.logFile,
      ready: spec.ready,
    }),
    start() {
      isWanted = true
      if (running === undefined && restartTimer === undefined) launch()
    },
    async stop() {
      isWanted = false
      clearTimeout(restartTimer)
      restartTimer = undefined
      if (running === undefined) return setState('stopped')
      const { process: child, exited } = running
      killGroup(child.pid, spec.stopSignal)
      killGroup(child.pid, 'SIGCONT') // a stopped process would not hear it
      const timer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), spec.stopTimeoutMs)
      await exited
      clearTimeout(timer)
    },
    signal(signal) {
      if (running === undefined) throw new Error(`${spec.name} is not running`)
      running.process.kill(signal)
    },
  }
}

function spawnInOwnGroup(spec: ProcessSpec): { process: ChildProcess; exited: Promise<string> } {
  const log = openLog(spec.logFile)
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `exit code ${code}`))
  })
  return { process: child, exited }
}

async function untilReady(spec: ProcessSpec, isCurrent: () => boolean): Promise<boolean> {
  while (isCurrent()) {
    const isReady = await checkReady(spec.ready, READY_TIMEOUT_MS).then(
      () => true,
      () => false,
    )
    if (isReady) return isCurrent()
    await sleep(READY_POLL_MS)
  }
  return false
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The group is already gone.
  }
}
