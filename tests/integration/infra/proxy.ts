import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'

export interface Proxy extends AsyncDisposable {
  readonly port: number
  /** Drops what is connected. */
  cut(): void
  /** Refuses new connections and drops the others, until `open`. */
  close(): void
  open(): void
  /** Keeps all connections and delivers nothing. */
  freeze(): void
  /** Delivers again; with `onlyNew` not on the connections that were frozen. */
  thaw(options?: { onlyNew: boolean }): void
}

/** A TCP proxy between a test and a server of the stack, so that the server can be lost without stopping it for others. */
export async function startProxy(targetHost: string, targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let isOpen = true
  const frozen = new Set<Socket>()
  let isFrozen = false
  const server = createServer((client) => {
    if (!isOpen) return void client.destroy()
    const upstream = connect(targetPort, targetHost)
    pipe(client, upstream)
    pipe(upstream, client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')

  const cut = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  return {
    port: address.port,
    cut,
    close() {
      isOpen = false
      cut()
    },
    open() {
      isOpen = true
    },
    freeze() {
      isFrozen = true
      for (const socket of sockets) frozen.add(socket)
    },
    thaw({ onlyNew } = { onlyNew: false }) {
      isFrozen = false
      if (!onlyNew) frozen.clear()
    },
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  function pipe(from: Socket, to: Socket): void {
    sockets.add(from)
    if (isFrozen) frozen.add(from)
    from.on('data', (data) => frozen.has(from) || to.write(data))
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      frozen.delete(from)
      to.destroy()
    })
  }
}
