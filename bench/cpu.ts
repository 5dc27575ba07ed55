import { readFileSync } from 'node:fs'

/** Clock ticks a second: 100 on every Linux that Node supports. */
const ticksPerSecond = 100

/** CPU seconds that a process has used so far, user and system, its threads included; its children not. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command name may hold spaces and brackets: fields are counted behind its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Runs `work` and returns the CPU seconds that each named process spent meanwhile. */
export async function measureCpu(
  pids: ReadonlyMap<string, number>,
  work: () => Promise<unknown>,
): Promise<Map<string, number>> {
  const before = new Map([...pids].map(([name, pid]) => [name, cpuSeconds(pid)]))
  await work()
  return new Map([...pids].map(([name, pid]) => [name, cpuSeconds(pid) - before.get(name)!]))
}
