import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { jsonFrame, textFrame, typeOfPayload } from './text-frame.ts'

test('example: a client reads what was framed, at every length where the header changes', async () => {
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]
  const payloads = lengths.map((length) => 'é'.repeat(length / 2) + 'x'.repeat(length % 2))
  assert.deepEqual(await asClient(payloads.map((text) => textFrame(Buffer.from(text)))), payloads)
})

test('a frame of our own is its JSON', async () => {
  assert.deepEqual(await asClient([jsonFrame({ t: 'pong' })]), ['{"t":"pong"}'])
})

test('the type of a payload is read from its first bytes; what begins otherwise has none', () => {
  assert.equal(typeOfPayload(Buffer.from('{"t":"message","seq":1}')), 'message')
  assert.equal(typeOfPayload(Buffer.from('{"t":"ack"}')), 'ack')
  for (const text of ['', '{}', '{"seq":1,"t":"ack"}', '{"t":7}', '{"t":"never ends']) {
    assert.ok(typeOfPayload(Buffer.from(text)).length <= 16, text)
  }
  assert.equal(typeOfPayload(Buffer.from('{"seq":1,"t":"ack"}')), '')
})

/** The `ws` package itself as the reader. */
async function asClient(frames: Buffer[]): Promise<string[]> {
  const server = createServer((socket) => {
    socket.once('data', (request) => {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString())?.[1] ?? ''
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      socket.write(
        `HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
      )
      socket.write(Buffer.concat(frames))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ws = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const texts: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  ws.on('message', (data: Buffer, isBinary) => {
    assert.equal(isBinary, false)
    if (texts.push(data.toString()) === frames.length) resolve()
  })
  await promise
  ws.terminate()
  server.close()
  return texts
}
