import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { context, propagation, trace, TraceFlags } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { extractContext, injectContext, tracer } from './index.ts'

const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED }

test('example: without a running SDK everything works and nothing is added', () => {
  const headers = { kind: 'send' }
  tracer('logic').startActiveSpan('append', (active) => {
    assert.equal(active.isRecording(), false)
    active.end()
  })
  assert.equal(injectContext(headers), headers)
  assert.equal(trace.getSpanContext(extractContext(headers)), undefined)
})

test('a context survives the way through record headers, also as bytes', () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  after(() => {
    context.disable()
    propagation.disable()
  })
  const active = trace.setSpan(context.active(), trace.wrapSpanContext(span))
  const headers = context.with(active, () => injectContext<Record<string, string>>({ kind: 'send' }))
  assert.equal(headers['kind'], 'send')

  const asBytes = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, Buffer.from(value)]))
  const arrived = trace.getSpanContext(extractContext(asBytes))
  assert.equal(arrived?.traceId, span.traceId)
  assert.equal(arrived.spanId, span.spanId)
})
