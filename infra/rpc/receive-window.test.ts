import { once } from 'node:events'
import { connect, type Settings } from 'node:http2'
import { test } from 'node:test'
import { silentLogger, testMetrics, waitFor } from '../testing/index.ts'
import { receiveWindowBytes } from './receive-window.ts'
import { startRpcServer } from './server.ts'

test('from its first call on, a client may send megabytes ahead, in one call and in all together', async () => {
  await using server = await startRpcServer({ port: 0, services: [], log: silentLogger(), metrics: testMetrics() })
  const session = connect(`http://127.0.0.1:${server.port}`)
  try {
    const settings: Settings[] = []
    session.on('remoteSettings', (received) => settings.push(received))
    const headers = { ':path': '/grpc.health.v1.Health/Check', ':method': 'POST', 'content-type': 'application/grpc' }
    const call = session.request({ ...headers, te: 'trailers' })
    call.end(Buffer.alloc(5))
    call.resume()
    await once(call, 'close')
    await waitFor(() => settings.at(-1)?.initialWindowSize === receiveWindowBytes, { what: 'the window of a call' })
    await waitFor(() => (session.state.remoteWindowSize ?? 0) > receiveWindowBytes / 2, {
      what: 'the window of the connection',
    })
  } finally {
    session.destroy()
  }
})
