import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

/** A gateway behind a network that loses some of what it sends: REST passes, frames pass unless they are swallowed. */
export interface SwallowingProxy extends AsyncDisposable {
  readonly url: string
  /** What was swallowed, as it was sent. */
  readonly swallowed: readonly string[]
}

export async function startSwallowingProxy(
  gatewayUrl: string,
  isSwallowed: (frame: Readonly<Record<string, unknown>>) => boolean,
): Promise<SwallowingProxy> {
  const swallowed: string[] = []
  const { hostname, port } = new URL(gatewayUrl)
  const server = createServer((asked, answer) => {
    const { method, url: path, headers } = asked
    const passed = request({ hostname, port, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    asked.pipe(passed)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (near, { url: path }) => {
    const far = new WebSocket(`ws://${hostname}:${port}${path}`)
    far.on('message', (data: Buffer) => {
      const text = data.toString()
      if (!isSwallowed(JSON.parse(text) as Record<string, unknown>)) near.send(text)
      else swallowed.push(text)
    })
    near.on('message', (data: Buffer) => far.send(data.toString()))
    near.on('close', () => far.terminate())
    far.on('close', () => near.terminate())
    far.on('error', () => near.terminate())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    swallowed,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
