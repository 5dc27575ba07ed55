import type { DestinationStream } from 'pino'

/** Turns each JSON line into one line for a person: time, level, instance, message, the rest as key=value. */
export function prettyDestination(out: DestinationStream): DestinationStream {
  return { write: (line) => out.write(prettyLine(line)) }
}

function prettyLine(line: string): string {
  const {
    time,
    level,
    name: _name,
    instance,
    pid: _pid,
    msg,
    err,
    ...rest
  } = JSON.parse(line) as Record<string, unknown>
  const clock = String(time).slice(11, 23)
  // Values stay JSON, so that no text of a user reaches the terminal as a control sequence.
  const pairs = Object.entries(rest).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`)
  return `${clock} ${String(level).toUpperCase().padEnd(5)} ${String(instance)} ${printable(msg)}${pairs.join('')}\n${errorLines(err)}`
}

function errorLines(err: unknown): string {
  if (typeof err !== 'object' || err === null) return ''
  const { stack, ...more } = err as Record<string, unknown>
  const lines = typeof stack === 'string' ? stack.split('\n') : []
  return [...lines, JSON.stringify(more)].map((line) => `    ${printable(line)}\n`).join('')
}

function printable(value: unknown): string {
  return (typeof value === 'string' ? value : '').replace(/\p{Cc}/gu, ' ')
}
