import { readFileSync } from 'node:fs'

/** A pid alone may have been given to another process meanwhile; with its start time it names one process of this boot. */
export interface ProcessIdentity {
  pid: number
  startTime: string
}

export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields after the name, which stands in brackets and may hold anything: state is [0], start time [19].
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return { pid, startTime: `${bootId()}:${fields[19]}` }
  } catch {
    return undefined
  }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
