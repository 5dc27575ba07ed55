import { spawn } from 'node:child_process'

export interface RunOptions {
  env?: Record<string, string>
  cwd?: string
  timeoutMs: number
  /** What the user can do when it fails. */
  hint?: string
  /** How many of the last lines of output a failure shows; 15 by default. */
  shownLines?: number
}

/** Runs a program to its end; its output is kept quiet and only its last lines are shown, in the error, when it fails. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGTERM',
  })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-100_000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const end = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : signal ? `ended by ${signal}` : `exit code ${code}`)
    })
  })
  if (end === undefined) return output
  const lines = output
    .trimEnd()
    .split('\n')
    .slice(-(options.shownLines ?? 15))
  const commandLine = [command, ...args].join(' ').slice(0, 200)
  throw new Error([`${commandLine}: ${end}`, ...lines, ...(options.hint ? [options.hint] : [])].join('\n'))
}
