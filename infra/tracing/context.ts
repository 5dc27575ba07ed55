import { context, propagation, ROOT_CONTEXT, trace, type Context, type Tracer } from '@opentelemetry/api'

/** Header values as they come out of Kafka. */
export type CarrierHeaders = Readonly<Record<string, string | Buffer | undefined>>

export function tracer(name: string): Tracer {
  return trace.getTracer(`gochat-${name}`)
}

/** The headers and, where a trace is active, its `traceparent`. Without one, the same object. */
export function injectContext<T extends Record<string, string | Buffer>>(headers: T): T {
  if (trace.getActiveSpan() === undefined) return headers
  const carrier: Record<string, string> = {}
  propagation.inject(context.active(), carrier)
  return { ...headers, ...carrier }
}

/** The context of whoever wrote these headers, for `startActiveSpan(name, {}, context, fn)`. */
export function extractContext(headers: CarrierHeaders): Context {
  return propagation.extract(ROOT_CONTEXT, headers, {
    keys: (carrier) => Object.keys(carrier),
    get: (carrier, key) => carrier[key]?.toString(),
  })
}
