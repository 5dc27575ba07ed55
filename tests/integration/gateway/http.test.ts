import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { text } from 'node:stream/consumers'
import { recordingLogger, waitFor } from '#infra/testing/index.ts'
import { createHttpApp, registerHttp } from '#services/gateway/http/index.ts'
import { conversationId, createFakeGateway, type FakeGateway } from '#services/gateway/http/testing/fake-gateway.ts'

/** REST over real sockets: what no injected request can show. Needs no server of the stack. */

let gateway: FakeGateway
let port: number
before(async () => {
  gateway = await createFakeGateway()
  await gateway.app.listen({ port: 0, host: '127.0.0.1' })
  port = (gateway.app.server.address() as AddressInfo).port
})
after(() => gateway[Symbol.asyncDispose]())

test('what is no HTTP gets a named refusal and a closed connection', async () => {
  const broken = [
    'hello\r\n\r\n',
    '\u0000\u0001\u0002\u0003',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /limits HTTP/1.1\r\nHost: x\r\nX: \u0001\r\n\r\n',
    `GET /limits HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
  ]
  for (const request of broken) {
    const answer = await exchange(request)
    assert.match(answer, /^HTTP\/1\.1 400 /, request.slice(0, 60))
    assert.match(answer, /connection: close/i)
    assert.match(answer, /"code":"INVALID_ARGUMENT"/)
  }
})

test('content types with blanks around them are validated like any other, over a real socket', async () => {
  const body = '{"name":"ann","password":"correct horse","unknown":1}'
  for (const type of ['application/json', '\tapplication/json', ' application/json ', 'application/json\t;x']) {
    const answer = await exchange(
      `POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type:${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    assert.match(answer, /^HTTP\/1\.1 4(00|15) /, JSON.stringify(type))
    assert.match(answer, /INVALID_ARGUMENT|UNSUPPORTED_MEDIA_TYPE/)
  }
  assert.deepEqual(gateway.calls, [])
})

test('a body beyond 64 KiB is refused by its announced length, and by what arrives when it announces none', async () => {
  const head = 'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
  assert.match(await exchange(`${head}Content-Length: 70000\r\n\r\n{`), /^HTTP\/1\.1 413 [^]*PAYLOAD_TOO_LARGE/)
  const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`
  const chunks = chunk.repeat(5)
  assert.match(await exchange(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`), /^HTTP\/1\.1 413 /)
})

test('a client that hangs up ends the wait for its command, and its request has its line in the log', async () => {
  const waiting = Promise.withResolvers<AbortSignal>()
  const { log, lines } = recordingLogger()
  const app = createHttpApp({ log })
  await registerHttp(app, {
    ...gateway.deps,
    log,
    requests: {
      submit: async (_command, _timeoutMs, signal) => {
        waiting.resolve(signal as AbortSignal)
        return Promise.withResolvers<never>().promise
      },
    },
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client = new AbortController()
  const sent = fetch(
    `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/conversations/${conversationId}/read`,
    {
      method: 'POST',
      headers: { authorization: 'Bearer good', 'content-type': 'application/json' },
      body: '{"seq":1}',
      signal: client.signal,
    },
  )
  const signal = await waiting.promise
  client.abort()
  await assert.rejects(sent)
  await waitFor(() => signal.aborted, { what: 'the abort of the command' })
  const requestLines = () => lines.filter(({ route }) => route !== undefined)
  await waitFor(() => requestLines().length > 0, { what: 'its line in the log' })
  await app.close()
  assert.deepEqual(
    requestLines().map(({ route, status }) => [route, status]),
    [['/conversations/:conversationId/read', 499]],
  )
})

test('garbage of every kind leaves the server answering', async () => {
  for (let round = 0; round < 200; round += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    const noise = Buffer.from(Array.from({ length: 200 }, () => Math.floor(Math.random() * 256)))
    socket.end(
      round % 2 === 0 ? noise : Buffer.concat([Buffer.from('POST /auth/login HTTP/1.1\r\nHost: x\r\n'), noise]),
    )
    socket.resume()
    await once(socket, 'close')
  }
  const response = await fetch(`http://127.0.0.1:${port}/limits`)
  assert.equal(response.status, 200)
})

async function exchange(request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(5000, () => socket.destroy(new Error('no answer')))
  socket.write(Buffer.from(request, 'latin1'))
  return text(socket)
}
