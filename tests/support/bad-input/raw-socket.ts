import assert from 'node:assert/strict'
import { WebSocket, type ClientOptions } from 'ws'
import { waitFor } from '#infra/testing/index.ts'
import { serverFrameProblem } from '#services/gateway/testing/contract/frames.ts'

export type Frame = Record<string, unknown> & { readonly t: string }

/** A WebSocket that sends whatever it is told to, and keeps what it hears. */
export interface RawSocket {
  readonly heard: readonly Frame[]
  /** A string or object as text; bytes as text too, whether they are UTF-8 or not. */
  send(data: string | Buffer | object): void
  sendBinary(data: Buffer): void
  /** @throws ClosedError when the server closes without having said it. */
  hear(t: string): Promise<Frame>
  /** What the server says, up to its answer to a ping sent now: what it answers at once to all that was sent before. */
  settle(): Promise<Frame[]>
  /** Resolves with the close code when the server has closed; it has ten seconds for it. */
  closed(): Promise<number>
  drop(): void
}

export interface Opening {
  readonly token?: string
  readonly ticket?: string
  readonly origin?: string
  readonly path?: string
}

/** Opens and, with a token or a ticket, authenticates. @throws RefusedUpgrade, ClosedError */
export async function openRawSocket(wsUrl: string, opening: Opening = {}): Promise<RawSocket> {
  const { token, ticket, origin, path = '' } = opening
  const socket = await connect(wsUrl + path, ticket === undefined ? [] : ['gochat.v1', `ticket.${ticket}`], {
    perMessageDeflate: false,
    handshakeTimeout: 5000,
    ...(origin === undefined ? {} : { origin }),
  })
  await socket.hear('hello')
  if (token !== undefined) socket.send({ t: 'auth', token })
  if (token !== undefined || ticket !== undefined) await socket.hear('ready')
  return socket
}

const timeoutMs = 10_000

/** The server closed instead of saying what it should. */
export class ClosedError extends Error {
  readonly code: number
  constructor(code: number, instead: string) {
    super(`closed with ${code} instead of a ${instead} frame`)
    this.code = code
  }
}

/** The answer to an upgrade that was refused. */
export class RefusedUpgrade extends Error {
  readonly status: number
  readonly body: string
  constructor(status: number, body: string) {
    super(`the upgrade was refused: ${status} ${body}`)
    this.status = status
    this.body = body
  }
}

async function connect(url: string, protocols: string[], options: ClientOptions): Promise<RawSocket> {
  const ws = new WebSocket(url, protocols, options)
  const heard: Frame[] = []
  ws.on('message', (data: Buffer) => {
    const text = data.toString()
    heard.push(JSON.parse(text) as Frame)
    assert.equal(serverFrameProblem(text), undefined, text)
  })
  let closeCode: number | undefined
  ws.once('close', (code) => (closeCode = code))
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.on('error', reject)
    ws.once('unexpected-response', (_request, response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => reject(new RefusedUpgrade(response.statusCode ?? 0, Buffer.concat(parts).toString())))
    })
  })

  return {
    heard,
    closed: () => waitFor(() => closeCode, { timeoutMs, what: 'the server to close' }),
    send: (data) =>
      ws.send(typeof data === 'string' || Buffer.isBuffer(data) ? data : JSON.stringify(data), { binary: false }),
    sendBinary: (data) => ws.send(data, { binary: true }),
    async hear(t) {
      const find = () => heard.find((frame) => frame.t === t)
      await waitFor(() => closeCode ?? find(), { timeoutMs, what: `a ${t} frame` })
      const found = find()
      if (found === undefined) throw new ClosedError(closeCode ?? 0, t)
      return found
    },
    async settle() {
      const start = heard.length
      ws.send('{"t":"ping"}')
      const isPong = ({ t }: Frame, index: number) => index >= start && t === 'pong'
      await waitFor(() => ws.readyState !== WebSocket.OPEN || heard.some(isPong), {
        timeoutMs,
        pollMs: 1,
        what: 'the pong',
      })
      const end = heard.findIndex(isPong)
      assert.notEqual(end, -1, `closed instead of a pong: ${JSON.stringify(heard.slice(start))}`)
      return heard.slice(start, end).filter(({ t }) => t !== 'ping')
    },
    drop: () => ws.terminate(),
  }
}
