import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'

import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'

import { createCallMetrics } from './call-metrics.ts'
import { serviceDefinition } from './definition.ts'
import { widenReceiveWindows } from './receive-window.ts'
import { addReflection } from './reflection.ts'
import { duplexHandler } from './server-duplex.ts'
import { unaryHandler, type ServerCallDeps } from './server-unary.ts'
import type { AnyDuplexHandler, AnyUnaryHandler, ServiceBinding } from './service.ts'
import { maxMessageBytes } from './types.ts'

export interface RpcServerOptions {
  /** 0 for any free port. */
  readonly port: number
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string
  readonly services: readonly ServiceBinding[]
  readonly log: Logger
  readonly metrics: Metrics
  /** For unary calls that bring no deadline. Default 5 000. */
  readonly defaultTimeoutMs?: number
  /** Unary calls under way; more get OVERLOADED. Default 1 000. */
  readonly maxConcurrentCalls?: number
}

/** Disposing drains for up to two seconds. */
export interface RpcServer extends AsyncDisposable {
  readonly port: number
  /**
   * Health says NOT_SERVING, `context.draining` is aborted, no new connection is taken and calls under way may finish. What is
   * left after `timeoutMs` is cut off. Asking again waits for the same end.
   */
  drain(timeoutMs: number): Promise<void>
}

/** Serves the services, `grpc.health.v1.Health` and reflection. Throws when the port cannot be had. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { host = '127.0.0.1', services, log, metrics, defaultTimeoutMs = 5_000, maxConcurrentCalls = 1_000 } = options
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 3_000,
  })
  widenReceiveWindows()
  const draining = new AbortController()
  let underWay = 0
  const deps: ServerCallDeps = {
    log,
    metrics: createCallMetrics(metrics, 'server'),
    draining: draining.signal,
    defaultTimeoutMs,
    enter() {
      if (underWay >= maxConcurrentCalls) return false
      underWay += 1
      return true
    },
    leave() {
      underWay -= 1
    },
  }
  for (const binding of services) server.addService(serviceDefinition(binding.descriptor), implement(binding, deps))
  const health = new HealthImplementation({ '': 'SERVING' })
  const names = services.map(({ descriptor }) => descriptor.typeName)
  for (const name of names) health.setStatus(name, 'SERVING')
  health.addToServer(server)
  addReflection(server, services)

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${options.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  let drained: Promise<void> | undefined
  log.info({ port, services: names }, 'serving gRPC')

  const drain = (timeoutMs: number) => {
    drained ??= new Promise<void>((resolve) => {
      draining.abort()
      for (const name of ['', ...names]) health.setStatus(name, 'NOT_SERVING')
      const timer = setTimeout(() => {
        log.warn({ underWay }, 'gRPC calls were cut off at the end of draining')
        server.forceShutdown()
      }, timeoutMs)
      server.tryShutdown(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    return drained
  }
  return { port, drain, [Symbol.asyncDispose]: () => drain(2_000) }
}

function implement({ descriptor, handlers }: ServiceBinding, deps: ServerCallDeps): UntypedServiceImplementation {
  const implementation: UntypedServiceImplementation = {}
  for (const method of descriptor.methods) {
    const handler = handlers[method.localName]
    if (handler === undefined) throw new Error(`${descriptor.typeName} has no handler for ${method.name}`)
    implementation[method.localName] =
      method.methodKind === 'unary'
        ? unaryHandler(method, handler as AnyUnaryHandler, deps)
        : duplexHandler(method, handler as AnyDuplexHandler, deps)
  }
  return implementation
}
