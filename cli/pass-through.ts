import { spawn } from 'node:child_process'

/** Gives the terminal to another program; resolves to its exit code. */
export function passThrough(command: string, args: readonly string[], env: Record<string, string>): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  // Ctrl-C goes to the program, which decides what it means.
  const ignore = (): void => {}
  process.on('SIGINT', ignore)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      process.off('SIGINT', ignore)
      resolve(code ?? 1)
    })
  })
}
