import type { DescService } from '@bufbuild/protobuf'
import { Client as GrpcClient, credentials, type ChannelOptions } from '@grpc/grpc-js'

import { staticHosts, type HostList } from '#infra/discovery/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'

import { createCallMetrics } from './call-metrics.ts'
import { duplexCaller } from './client-duplex.ts'
import { unaryCaller } from './client-unary.ts'
import { hostListChannelOptions, targetOf } from './resolver.ts'
import { maxMessageBytes, type Client } from './types.ts'
import { receiveWindowBytes } from './receive-window.ts'

export interface RpcClientOptions {
  /** Who serves it, or one fixed host:port. The list stays the caller's to dispose. */
  readonly hosts: HostList | string
  readonly log: Logger
  readonly metrics: Metrics
  /** For a whole call, repetitions included. Default 3 000. */
  readonly timeoutMs?: number
  /** Default 2. */
  readonly retries?: number
}

/**
 * A function per method. Connects on first use; clients of the same HostList share one connection per host.
 * Throws AppError: the server's, or UNAVAILABLE, DEADLINE_EXCEEDED, PAYLOAD_TOO_LARGE of its own.
 */
export function createRpcClient<S extends DescService>(descriptor: S, options: RpcClientOptions): Client<S> {
  const { log, timeoutMs = 3_000, retries = 2 } = options
  const hosts = typeof options.hosts === 'string' ? staticHosts([options.hosts]) : options.hosts
  const channelOptions: ChannelOptions = { ...commonOptions, ...hostListChannelOptions(hosts) }
  const client = new GrpcClient(targetOf(descriptor.name), credentials.createInsecure(), channelOptions)
  const metrics = createCallMetrics(options.metrics, 'client')
  log.debug({ service: descriptor.typeName, hosts: hosts.current().length }, 'RPC client created')

  const methods: Record<string | symbol, unknown> = {
    [Symbol.asyncDispose]: async () => client.close(),
  }
  for (const method of descriptor.methods) {
    methods[method.localName] =
      method.methodKind === 'unary'
        ? unaryCaller(method, client, metrics, { timeoutMs, retries })
        : duplexCaller(method, client, metrics, log)
  }
  return methods as Client<S>
}

const commonOptions: ChannelOptions = {
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  // Repeated by `client-unary.ts`, which knows what may be.
  'grpc.enable_retries': 0,
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  // A peer that vanished is noticed within 13 s, also by an idle stream.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc-node.flow_control_window': receiveWindowBytes,
}
