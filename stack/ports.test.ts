import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { requireFreePorts } from './ports.ts'

test('a taken port is named with its holder, a free one passes', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await assert.rejects(requireFreePorts([port]), new RegExp(`port ${port} is held by pid ${process.pid} `))
  server.close()
  await once(server, 'close')
  await requireFreePorts([port])
})
