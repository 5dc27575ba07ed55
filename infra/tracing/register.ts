/**
 * For `node --import`: instrumentation must be in place before what it instruments is loaded. Loads the SDK, which takes
 * a third of a second, only when there is somewhere to send traces to.
 */
if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT']) {
  const { instrumentations } = await import('./instrumentations.ts')
  const { startTracing } = await import('./sdk.ts')
  startTracing(instrumentations)
}
