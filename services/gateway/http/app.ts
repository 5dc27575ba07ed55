import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { AppError, errorBody, errorEntry } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import { limits } from '#proto/frames/index.ts'
import { sendEarlyFailure } from './failures.ts'

/** The Fastify instance with everything that can only be said when it is made: bounds, ids, answers to broken HTTP. */
export function createHttpApp(options: { readonly log: Logger }): FastifyInstance {
  return Fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    // One line per request of our own (request-log.ts): Fastify's would hold the query string.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: 15_000,
    connectionTimeout: 30_000,
    exposeHeadRoutes: false,
    frameworkErrors: sendEarlyFailure,
    clientErrorHandler: refuseBrokenHttp,
  })
}

/** What arrived is no HTTP request, is too slow or has too large a head: there is a socket only, so the answer is raw. */
function refuseBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const failure = new AppError(isLate ? 'DEADLINE_EXCEEDED' : 'INVALID_ARGUMENT', {
    message: isLate ? 'The request did not arrive in time.' : 'This is not a valid HTTP request.',
  })
  const status = errorEntry(failure.code).http
  const body = JSON.stringify({ error: errorBody(failure) })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
