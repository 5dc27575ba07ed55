import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'

interface Span {
  traceId: string
  name: string
  kind: number
}

test('example: a process started with --import sends one trace of HTTP and gRPC spans, without health checks', async () => {
  await using collector = await startCollector()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '1' }
  assert.equal(await run({ ...env, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }), 0)

  const server = 2
  const client = 3
  const hello = collector.spans.find(({ kind, name }) => kind === server && name.startsWith('GET'))
  assert.ok(hello, 'no span of the HTTP request')
  const rpc = collector.spans.filter(({ name }) => name.includes('gochat.Test/Ping'))
  assert.deepEqual(new Set(rpc.map(({ kind }) => kind)), new Set([server, client]))
  for (const span of rpc) assert.equal(span.traceId, hello.traceId)
  assert.equal(collector.spans.filter(({ kind, name }) => kind === server && name.startsWith('GET')).length, 1)
})

test('with a share of nothing no trace is sent', async () => {
  await using collector = await startCollector()
  assert.equal(await run({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '0' }), 0)
  assert.deepEqual(collector.spans, [])
})

test('a collector that is away neither fails nor holds up the process', async () => {
  const startMs = performance.now()
  assert.equal(await run({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_SAMPLER_ARG: '1' }), 0)
  assert.ok(performance.now() - startMs < 10_000)
})

test('without an endpoint nothing is started', async () => {
  assert.equal(await run({}), 0)
})

async function startCollector() {
  const spans: Span[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent = JSON.parse(Buffer.concat(chunks).toString()) as {
        resourceSpans: { scopeSpans: { spans: Span[] }[] }[]
      }
      spans.push(...sent.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
      response.end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}

async function run(env: Record<string, string>): Promise<number | null> {
  const register = join(import.meta.dirname, '../../../infra/tracing/register.ts')
  const main = join(import.meta.dirname, 'fixtures/traced-process.ts')
  const child = spawn(process.execPath, ['--import', register, main], {
    env: { ...env, GOCHAT_INSTANCE: 'test-1' },
    stdio: ['ignore', 'inherit', 'ignore'],
    timeout: 20_000,
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code
}
