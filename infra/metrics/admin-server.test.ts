import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { recordingLogger, silentLogger, testMetrics, waitFor } from '../testing/index.ts'
import { startAdminServer, type AdminServerOptions } from './index.ts'

test('example: health, readiness with reasons, and metrics over HTTP', async () => {
  let reasons = ['redis: not connected']
  const metrics = testMetrics()
  metrics.counter('gochat_frames_total', 'Frames.').inc()
  await using admin = await start({ metrics, isReady: () => ({ isReady: reasons.length === 0, reasons }) })

  assert.deepEqual(await get(admin.port, '/healthz'), [200, '{"status":"ok"}\n'])
  assert.deepEqual(await get(admin.port, '/readyz'), [
    503,
    '{"status":"not ready","reasons":["redis: not connected"]}\n',
  ])
  reasons = []
  assert.deepEqual(await get(admin.port, '/readyz'), [200, '{"status":"ready","reasons":[]}\n'])
  const [status, text] = await get(admin.port, '/metrics?x=1')
  assert.equal(status, 200)
  assert.match(text, /gochat_frames_total{.*} 1/)
})

test('anything else is 404, other methods 405', async () => {
  await using admin = await start()
  assert.equal((await get(admin.port, '/'))[0], 404)
  assert.equal((await get(admin.port, '/healthz', 'POST'))[0], 405)
})

test('by default it is reachable on 127.0.0.1 only', async (t) => {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((address) => !address.internal && address.family === 'IPv4')
  if (outside === undefined) return t.diagnostic('this machine has no address but loopback')
  await using admin = await start()
  const socket = connect(admin.port, outside.address)
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
})

test('a readiness check that throws is a logged 500, and the server goes on', async () => {
  const { log, lines } = recordingLogger()
  await using admin = await start({ log, isReady: () => assert.fail('broken check') })
  assert.equal((await get(admin.port, '/readyz'))[0], 500)
  assert.equal((await get(admin.port, '/healthz'))[0], 200)
  assert.equal(lines[0]?.['msg'], 'admin request failed')
})

test('garbage and half requests do not disturb it', async () => {
  await using admin = await start()
  const garbage = connect(admin.port, '127.0.0.1').on('error', () => undefined)
  garbage.resume().end('\u0000\u0001 not http\r\n\r\n')
  const half = connect(admin.port, '127.0.0.1').on('error', () => undefined)
  half.write('GET /heal')
  await once(half, 'connect')
  half.resetAndDestroy()
  await once(garbage, 'close')
  assert.equal((await get(admin.port, '/healthz'))[0], 200)
})

test('a taken port rejects the start', async () => {
  await using admin = await start()
  await assert.rejects(start({ port: admin.port }), { code: 'EADDRINUSE' })
})

test('disposing closes open connections, may be asked for twice, and frees the port', async () => {
  const admin = await start()
  const idle = connect(admin.port, '127.0.0.1')
  await once(idle, 'connect')
  const closed = once(idle, 'close')
  idle.resume()
  await Promise.all([admin[Symbol.asyncDispose](), admin[Symbol.asyncDispose]()])
  await closed
  await waitFor(
    () =>
      get(admin.port, '/healthz').then(
        () => false,
        () => true,
      ),
    { what: 'a refused connection' },
  )
})

function start(options: Partial<AdminServerOptions> = {}) {
  const isReady = () => ({ isReady: true, reasons: [] })
  return startAdminServer({ port: 0, metrics: testMetrics(), isReady, log: silentLogger(), ...options })
}

async function get(port: number, path: string, method = 'GET'): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, signal: AbortSignal.timeout(2000) })
  return [response.status, await response.text()]
}
