import assert from 'node:assert/strict'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { waitFor } from '#infra/testing/index.ts'
import type { ClientFrame, ServerFrame } from '#proto/frames/index.ts'
import { serverFrameProblem } from './contract/frames.ts'

type FrameOf<T extends ServerFrame['t']> = Extract<ServerFrame, { t: T }>

/** A plain WebSocket client for tests: frames in order of arrival, no SDK. */
export interface TestClient {
  readonly ws: WebSocket
  readonly received: readonly ServerFrame[]
  send(frame: ClientFrame | object | string | Buffer): void
  /** The next frame of that type that was not asked for yet; others stay. */
  next<T extends ServerFrame['t']>(type: T): Promise<FrameOf<T>>
  /** Resolves with the close code. */
  readonly closed: Promise<number>
  /** `auth`, and its `ready`. */
  authenticate(token: string): Promise<FrameOf<'ready'>>
}

export interface TestClientOptions {
  readonly protocols?: string[]
  readonly origin?: string
}

export async function connectClient(port: number, options: TestClientOptions = {}): Promise<TestClient> {
  const { protocols = [], origin } = options
  const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, protocols, origin === undefined ? {} : { origin })
  const received: ServerFrame[] = []
  const unasked: ServerFrame[] = []
  const { promise: closed, resolve } = Promise.withResolvers<number>()
  ws.on('message', (data: Buffer) => {
    const text = data.toString()
    assert.equal(serverFrameProblem(text), undefined, text)
    const frame = JSON.parse(text) as ServerFrame
    received.push(frame)
    unasked.push(frame)
  })
  ws.on('close', (code) => resolve(code))
  await once(ws, 'open')

  async function next<T extends ServerFrame['t']>(type: T): Promise<FrameOf<T>> {
    const find = () => unasked.findIndex(({ t }) => t === type)
    await waitFor(() => find() !== -1, { what: `a ${type} frame`, pollMs: 1 })
    return unasked.splice(find(), 1)[0] as FrameOf<T>
  }

  return {
    ws,
    received,
    closed,
    next,
    send: (frame) => ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame)),
    authenticate(token) {
      ws.send(JSON.stringify({ t: 'auth', token }))
      return next('ready')
    },
  }
}
