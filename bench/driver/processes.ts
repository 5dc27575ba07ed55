import { readFileSync } from 'node:fs'

/** Process ids by the name under which their CPU and memory are reported: gateway-1 and gateway-2 are both `gateway`. */
export type Processes = ReadonlyMap<string, readonly number[]>

export function groupProcesses(named: Iterable<readonly [name: string, pid: number]>): Processes {
  const groups = new Map<string, number[]>()
  for (const [name, pid] of named) {
    const group = name.replace(/-\d+$/, '')
    groups.set(group, [...(groups.get(group) ?? []), pid])
  }
  return groups
}

/** Runs `work` and returns the CPU seconds that each group spent meanwhile. @throws Error when one of the processes ended. */
export async function measureCpu(processes: Processes, work: () => Promise<unknown>): Promise<Map<string, number>> {
  const before = sums(processes, cpuSeconds)
  await work()
  return new Map([...sums(processes, cpuSeconds)].map(([group, seconds]) => [group, seconds - before.get(group)!]))
}

/** Resident memory of each group, in MiB. */
export function residentMiB(processes: Processes): Map<string, number> {
  return sums(processes, (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(read(pid, 'status'))?.[1] ?? 0) / 1024)
}

function sums(processes: Processes, valueOf: (pid: number) => number): Map<string, number> {
  return new Map([...processes].map(([group, pids]) => [group, pids.reduce((sum, pid) => sum + valueOf(pid), 0)]))
}

/** Clock ticks a second: 100 on every Linux that Node supports. */
const ticksPerSecond = 100

/** CPU seconds that a process has used so far, user and system, its threads included; its children not. */
function cpuSeconds(pid: number): number {
  return cpuSecondsOf(read(pid, 'stat'))
}

export function cpuSecondsOf(stat: string): number {
  // The command name may hold spaces and brackets: fields are counted behind its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    throw new Error(`process ${pid} ended during the run`, { cause: error })
  }
}
