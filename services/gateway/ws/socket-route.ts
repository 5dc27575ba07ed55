import type { Socket } from 'node:net'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { AppError } from '#infra/errors/index.ts'
import { limits } from '#proto/frames/index.ts'
import { sendEarlyFailure } from '../http/failures.ts'

export interface SocketRoute {
  /** A new WebSocket, the TCP socket under it, its address, and the ticket that came with the handshake. */
  readonly onSocket: (ws: WebSocket, socket: Socket, ip: string, ticket: string | undefined) => void
  /** Before the handshake is answered. @throws AppError, which becomes the HTTP answer */
  readonly admit: (ip: string, origin: string | undefined) => void
}

const protocol = 'gochat.v1'
const ticketPrefix = 'ticket.'

/** `GET /ws`. To be registered before any other route, so that an upgrade of those is refused too. */
export async function registerSocketRoute(app: FastifyInstance, route: SocketRoute): Promise<void> {
  const bounds = { maxFragments: 64, maxBufferedChunks: 1024, closeTimeout: 5000 }
  await app.register(websocket, {
    options: {
      maxPayload: limits.maxFrameBytes,
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
      ...bounds,
    },
  })
  app.route({
    method: 'GET',
    url: '/ws',
    schema: { hide: true },
    onRequest: async (request) => {
      if (request.ws) route.admit(request.ip, request.headers.origin)
    },
    errorHandler: sendEarlyFailure,
    handler: () => {
      throw new AppError('NOT_FOUND', { message: 'This is a WebSocket: ask for an upgrade.' })
    },
    wsHandler: (ws, request) => {
      // The plugin's listener terminates, perhaps before the close frame has left, and holds the request for good.
      ws.removeAllListeners('error')
      // ws closes by itself, with the code that names what was wrong (1007, 1009, 1002).
      ws.on('error', () => undefined)
      route.onSocket(ws, request.raw.socket, request.ip, ticketOf(request))
    },
  })
}

/** Subprotocols `gochat.v1, ticket.<ticket>`: the one header that a page can set. */
function ticketOf(request: FastifyRequest): string | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  return offered.find((name) => name.startsWith(ticketPrefix))?.slice(ticketPrefix.length)
}
