import assert from 'node:assert/strict'
import { test } from 'node:test'
import { context, trace, TraceFlags } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { createLogger, type LoggerOptions } from './index.ts'
import { redactedNames } from './redacted-names.ts'

test('example: a child logger writes one JSON line with who, when, what', () => {
  const { log, lines } = capture()
  log.child({ part: 'hub' }).info({ connections: 3 }, 'started')

  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  assert.equal(line['level'], 'info')
  assert.equal(line['name'], 'gateway')
  assert.equal(line['instance'], 'gateway-1')
  assert.equal(line['part'], 'hub')
  assert.equal(line['connections'], 3)
  assert.equal(line['msg'], 'started')
  assert.match(String(line['time']), /^\d{4}-\d\d-\d\dT.*Z$/)
})

test('every redacted name is hidden in any case, at every depth, in lists, children, errors and format arguments', () => {
  for (const name of [...redactedNames, 'accessToken', 'Authorization', 'Set-Cookie', 'passwordHash']) {
    const { log, lines } = capture()
    const secret = { [name]: 'SECRET' }
    const cause = Object.assign(new Error('cause'), secret)
    log.info(secret, 'top')
    log.info({ a: { b: { c: { d: { e: secret } } } } }, 'deep')
    log.info({ list: [[secret]] }, 'list')
    log.child({ user: secret }).child(secret).info('child')
    log.error(Object.assign(new Error('failed', { cause }), secret))
    log.error({ err: Object.assign(new Error('failed'), { details: secret }), other: cause }, 'error')
    log.info('formatted %o', secret)
    assert.equal(lines.length, 7)
    assert.ok(!lines.join('').includes('SECRET'), `${name} leaks: ${lines.join('')}`)
  }
})

test('an error keeps type, message, stack and its own fields, under any key', () => {
  const { log, lines } = capture()
  log.warn({ err: Object.assign(new TypeError('no'), { code: 'E1' }), first: new RangeError('inner') }, 'failed')
  const { err, first } = JSON.parse(lines[0] ?? '') as Record<string, Record<string, string>>
  assert.equal(err?.['type'], 'TypeError')
  assert.equal(err['code'], 'E1')
  assert.match(err['stack'] ?? '', /logger\.test\.ts/)
  assert.equal(first?.['message'], 'inner')
})

test('bytes are logged as their length, a cycle ends, and JSON forms are respected', () => {
  const { log, lines } = capture()
  const cycle: Record<string, unknown> = { at: new Date(0) }
  cycle['self'] = cycle
  log.info({ frame: Buffer.from('hello'), cycle }, 'odd values')
  assert.match(lines[0] ?? '', /"frame":"\[5 bytes\]"/)
  assert.match(lines[0] ?? '', /"at":"1970-01-01T00:00:00.000Z"/)
  assert.match(lines[0] ?? '', /\[too deep\]/)
})

test("a value with a serializer of its own (Fastify's req) is not walked before it", () => {
  const { log, lines } = capture()
  const trap = Object.defineProperty({}, 'huge', { enumerable: true, get: () => assert.fail('walked') })
  log.child({}, { serializers: { req: () => ({ method: 'GET' }) } }).info({ req: trap }, 'request')
  assert.match(lines[0] ?? '', /"req":{"method":"GET"}/)
})

test('the logged object itself is not changed', () => {
  const { log } = capture()
  const input = { token: 'SECRET', nested: { text: 'SECRET' } }
  log.info(input, 'hello')
  assert.deepEqual(input, { token: 'SECRET', nested: { text: 'SECRET' } })
})

test('pretty: one readable line, in which no control sequence survives', () => {
  const { log, lines } = capture({ pretty: true })
  log.info({ room: '\u001b[31mred' }, 'joined\u001b[2J')
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3} INFO {2}gateway-1 joined \[2J room="\\u001b\[31mred"\n$/)
})

test('a line inside an active trace carries its ids', (t) => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  t.after(() => context.disable())
  const { log, lines } = capture()
  const span = trace.wrapSpanContext({
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
  })
  context.with(trace.setSpan(context.active(), span), () => log.info('inside'))
  log.info('outside')
  assert.match(lines[0] ?? '', /"traceId":"a{32}"/)
  assert.doesNotMatch(lines[1] ?? '', /traceId/)
})

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return {
    log: createLogger({ name: 'gateway', instance: 'gateway-1', level: 'info', destination, ...options }),
    lines,
  }
}
