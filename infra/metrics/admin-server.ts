import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from '../logger/index.ts'
import type { Metrics } from './metrics.ts'

export interface Readiness {
  readonly isReady: boolean
  /** Why not; or, when ready, what is degraded. */
  readonly reasons: readonly string[]
}

export interface AdminServerOptions {
  /** 0 takes any free port. */
  readonly port: number
  /** Default 127.0.0.1: metrics are nobody else's business. */
  readonly host?: string
  readonly metrics: Metrics
  readonly isReady: () => Readiness
  readonly log: Logger
}

export interface AdminServer extends AsyncDisposable {
  readonly port: number
}

/**
 * GET /healthz (200 while the event loop turns), /readyz (200 or 503, with reasons), /metrics.
 * Rejects when the port cannot be had; after that nothing here ends the process.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { log, host = '127.0.0.1' } = options
  const server = createServer(
    { requestTimeout: 5000, headersTimeout: 5000, keepAliveTimeout: 5000 },
    (request, response) => {
      respond(request, response, options).catch((error: unknown) => {
        log.error({ err: error, path: request.url }, 'admin request failed')
        if (response.headersSent) response.destroy()
        else send(response, 500, { status: 'error' })
      })
    },
  )
  server.maxConnections = 64
  server.listen(options.port, host)
  await once(server, 'listening')
  server.on('error', (error) => log.error({ err: error }, 'admin server error'))

  const { port } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  return {
    port,
    [Symbol.asyncDispose]() {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      return closed
    },
  }
}

async function respond(request: IncomingMessage, response: ServerResponse, options: AdminServerOptions): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return send(response, 405, { status: 'method not allowed' })
  }
  switch (request.url?.split('?', 1)[0]) {
    case '/healthz':
      return send(response, 200, { status: 'ok' })
    case '/readyz': {
      const { isReady, reasons } = options.isReady()
      return send(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', reasons })
    }
    case '/metrics': {
      const text = await options.metrics.text()
      response.writeHead(200, { 'content-type': options.metrics.contentType }).end(text)
      return
    }
    default:
      return send(response, 404, { status: 'not found', paths: ['/healthz', '/readyz', '/metrics'] })
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
