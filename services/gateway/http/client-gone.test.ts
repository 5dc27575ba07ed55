import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import Fastify from 'fastify'
import { clientGone, watchClients } from './client-gone.ts'

/** Over a real socket: what `inject` simulates never closes. */
async function start(t: { after(fn: () => Promise<void>): void }) {
  const app = Fastify()
  watchClients(app)
  const gone = Promise.withResolvers<void>()
  app.post('/slow', async (request) => {
    const signal = clientGone(request)
    signal.addEventListener('abort', () => gone.resolve())
    await new Promise((resolve) => setTimeout(resolve, 50))
    return { wasGone: signal.aborted }
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => app.close())
  return { url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/slow`, gone: gone.promise }
}

test('a client that waits is not gone, although its body was read long ago', async (t) => {
  const { url } = await start(t)
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: '{}' })
  assert.deepEqual(await response.json(), { wasGone: false })
})

test('a client that hangs up before its answer is gone', async (t) => {
  const { url, gone } = await start(t)
  const hasty = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json' } })
  hasty.on('error', () => {})
  hasty.end('{}')
  setTimeout(() => hasty.destroy(), 20)
  await gone
})
