import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { readConfig, tracingConfig } from '../config/index.ts'

/** Traces only: metrics are Prometheus' and logs are stdout's. What is left is sent when the event loop empties. */
export function startTracing(
  instrumentations: NodeSDKConfiguration['instrumentations'],
  env: NodeJS.ProcessEnv = process.env,
): void {
  const config = readConfig(tracingConfig, env)
  // The SDK reads its settings from the environment; these are its defaults for GoChat.
  env['OTEL_TRACES_SAMPLER'] ??= 'parentbased_traceidratio'
  env['OTEL_TRACES_SAMPLER_ARG'] = String(config.OTEL_TRACES_SAMPLER_ARG)
  env['OTEL_NODE_RESOURCE_DETECTORS'] ??= 'env,host,serviceinstance'
  // A collector that is away must not hold up the stop of a process.
  env['OTEL_EXPORTER_OTLP_TIMEOUT'] ??= '2000'
  env['OTEL_BSP_EXPORT_TIMEOUT'] ??= '2000'

  const sdk = new NodeSDK({
    serviceName: config.OTEL_SERVICE_NAME ?? env['GOCHAT_INSTANCE'] ?? 'gochat',
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations,
  })
  sdk.start()
  process.once('beforeExit', () => {
    sdk.shutdown().catch((error: unknown) => process.emitWarning(`traces not sent: ${String(error)}`))
  })
}
