import { createChild, type Child } from './child.ts'
import { canStart, stopWaves } from './order.ts'
import type { ProcessSpec, ProcessStatus } from './spec.ts'

export interface Supervisor {
  status(): ProcessStatus[]
  add(spec: ProcessSpec): void
  remove(name: string): Promise<void>
  startProcess(name: string): void
  stopProcess(name: string): Promise<void>
  signal(name: string, signal: NodeJS.Signals): void
  /** Stops everything, what depends before what it depends on. */
  stopAll(): Promise<void>
}

export interface SupervisorDeps {
  /** After every change of a state or a pid. */
  onChange(statuses: ProcessStatus[]): void
}

export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const children = new Map<string, Child>()
  /** Added, or asked to start, and waiting for its dependencies. */
  const waiting = new Set<string>()
  let isStopping = false

  const status = (): ProcessStatus[] =>
    [...children.values()].map((child) =>
      waiting.has(child.spec.name) ? { ...child.status(), state: 'starting' } : child.status(),
    )

  function changed(): void {
    startWhatCan()
    deps.onChange(status())
  }

  function startWhatCan(): void {
    if (isStopping) return
    const plan = new Set(children.keys())
    const up = status().filter(({ state }) => state === 'running' || state === 'external')
    const running = new Set(up.map(({ name }) => name))
    for (const name of waiting) {
      const child = get(name)
      if (!canStart(child.spec, plan, running)) continue
      waiting.delete(name)
      child.start()
    }
  }

  function get(name: string): Child {
    const child = children.get(name)
    if (child === undefined) throw new Error(`no process is called ${name}`)
    return child
  }

  function stop(child: Child): Promise<void> {
    waiting.delete(child.spec.name)
    return child.stop()
  }

  return {
    status,
    add(spec) {
      if (isStopping) throw new Error('everything is being stopped')
      if (children.has(spec.name)) throw new Error(`${spec.name} is there already`)
      children.set(spec.name, spec.isExternal ? external(spec) : createChild(spec, changed))
      if (!spec.isExternal) waiting.add(spec.name)
      changed()
    },
    async remove(name) {
      await stop(get(name))
      children.delete(name)
      changed()
    },
    startProcess(name) {
      get(name)
      waiting.add(name)
      changed()
    },
    stopProcess: (name) => stop(get(name)),
    signal: (name, signal) => get(name).signal(signal),
    async stopAll() {
      isStopping = true
      for (const wave of stopWaves([...children.values()].map(({ spec }) => spec))) {
        await Promise.all(wave.map(({ name }) => stop(get(name))))
      }
    },
  }
}

function external(spec: ProcessSpec): Child {
  const refuse = (): never => {
    throw new Error(`${spec.name} is external: it is not ours to start or signal`)
  }
  return {
    spec,
    status: () => ({
      name: spec.name,
      kind: spec.kind,
      state: 'external',
      pid: undefined,
      ports: spec.ports,
      startedAt: undefined,
      restarts: 0,
      lastExit: undefined,
      logFile: spec.logFile,
      ready: spec.ready,
    }),
    start: refuse,
    stop: () => Promise.resolve(),
    signal: refuse,
  }
}
