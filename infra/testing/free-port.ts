import { createServer } from 'node:net'

/**
 * A TCP port on 127.0.0.1 that nobody listens on now. Below 32768, where the system takes no ports for outgoing
 * connections, and above the ports of the stack; picked at random, so that tests side by side rarely meet.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = 25_000 + Math.floor(Math.random() * 7000)
    if (await canListen(port)) return port
  }
  throw new Error('no free port found between 25000 and 32000')
}

function canListen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  return promise
}
