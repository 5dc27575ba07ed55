/**
 * Tracing: OpenTelemetry spans, and carrying their context through Kafka headers.
 * Promises: costs next to nothing unless OTEL_EXPORTER_OTLP_ENDPOINT is set; then `register.ts` has started the SDK.
 * Promises: HTTP and gRPC pass the context on by themselves; Kafka records do by `injectContext` and `extractContext`.
 * Does not: sample everything (1 % of new traces by default), trace health checks, or record bodies.
 * Use: `node --import ./infra/tracing/register.ts main.ts`; `tracer('logic').startActiveSpan('append', (span) => …)`.
 */
export { extractContext, injectContext, tracer, type CarrierHeaders } from './context.ts'
