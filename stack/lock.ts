import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface LockOptions {
  timeoutMs: number
  /** Called once when someone else holds the lock and we start to wait. */
  onWait?: () => void
}

/**
 * A lock between the processes of this machine. It is a listening socket in Linux's abstract namespace and not a file,
 * because the kernel frees it with its holder: there is no stale lock to judge.
 */
export async function acquireLock(name: string, options: LockOptions): Promise<AsyncDisposable> {
  const address = `\0gochat-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
  const deadline = Date.now() + options.timeoutMs
  for (let isFirst = true; ; isFirst = false) {
    const server = await listen(address)
    if (server) return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) }
    if (isFirst) options.onWait?.()
    if (Date.now() > deadline) throw new Error(`another gochat command still holds the lock "${name}"`)
    await sleep(200)
  }
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(address, () => resolve(server.unref()))
  })
}
