import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from '#infra/logger/index.ts'
import { latencyBuckets, type Metrics } from '#infra/metrics/index.ts'
import type { Identity } from '../ports.ts'
import { failureOf } from './failures.ts'

/**
 * One line and two samples per request, by route: no path, query, header or body that a client wrote. Times are not kept by
 * status: a histogram for each of them would be thousands of series once somebody has tried every refusal.
 */
export function logRequests(app: FastifyInstance, deps: { readonly log: Logger; readonly metrics: Metrics }): void {
  const { log, metrics } = deps
  const seconds = metrics.histogram('gochat_gateway_http_request_seconds', 'REST requests.', latencyBuckets, [
    'method',
    'route',
  ])
  const requests = metrics.counter('gochat_gateway_http_requests_total', 'REST requests by how they were answered.', [
    'method',
    'route',
    'status',
  ])

  const answered = new WeakSet<FastifyRequest>()

  app.addHook('onResponse', async (request, reply) => {
    answered.add(request)
    const line = describe(request, reply.statusCode, reply.elapsedTime)
    const { method, route, status } = line
    seconds.observe({ method, route }, line.durationMs / 1000)
    requests.inc({ method, route, status: String(status) })
    const failure = failureOf(request)
    if (reply.statusCode < 500) log.info(line, 'request')
    else log.error({ ...line, err: failure?.cause ?? failure }, 'request failed')
  })
  // onResponse is silent about a client that hangs up while it waits, and onRequestAbort knows only half-sent requests.
  app.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => {
      if (answered.has(request)) return
      log.info(describe(request, clientClosedStatus, reply.elapsedTime), 'request aborted by the client')
    })
  })
}

/** As nginx writes it: nobody was there to be answered. */
const clientClosedStatus = 499

function describe(request: FastifyRequest, status: number, elapsedMs: number) {
  return {
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? 'none',
    status,
    durationMs: Math.round(elapsedMs * 10) / 10,
    ip: request.ip,
    ...userOf(request),
    ...codeOf(request),
  }
}

function userOf(request: FastifyRequest): { userId?: string } {
  const identity = request.getDecorator<Identity | null>('identity')
  return identity === null ? {} : { userId: identity.userId }
}

function codeOf(request: FastifyRequest): { code?: string } {
  const failure = failureOf(request)
  return failure === null ? {} : { code: failure.code }
}
