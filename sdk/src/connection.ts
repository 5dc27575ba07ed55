import type { ClientFrame, ServerFrame } from '../../proto/frames/index.ts'
import { ChatError } from './errors.ts'
import { isFinalClose, reconnectDelayMs } from './reconnect-policy.ts'

export type ConnectionState = 'disconnected' | 'connecting' | 'authenticating' | 'ready' | 'closed'

export interface ConnectionOptions {
  /** One of them is tried after the other. */
  readonly urls: readonly string[]
  /** Asked for before every connection, so that it may fetch a fresh token. */
  readonly token: () => string | Promise<string>
  readonly onState: (state: ConnectionState) => void
  readonly onFrame: (frame: ServerFrame, text: string) => void
  /** The socket closed; whether it will be opened again. */
  readonly onClose: (code: number, willReconnect: boolean) => void
  /** No connection and no hope of one: the client must be made anew, with other credentials. */
  readonly onFailed: (error: ChatError) => void
}

export interface Connection {
  readonly state: ConnectionState
  open(): void
  /** False when not ready: whoever keeps promises sends again on the next ready. */
  send(frame: ClientFrame): boolean
  /** Cuts the socket as a dead network would; the connection comes back by itself. */
  drop(): void
  close(): void
}

/** A socket that comes back: authenticates, answers pings, notices silence, reconnects with growing random delays. */
export function createConnection(options: ConnectionOptions): Connection {
  let state: ConnectionState = 'disconnected'
  let socket: WebSocket | undefined
  let attempt = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined
  let silenceMs = 40_000
  let reconnectAfterMs: number | undefined

  return {
    get state() {
      return state
    },
    open: () => {
      if (state === 'disconnected') connect()
    },
    send: (frame) => {
      if (state !== 'ready' || socket === undefined) return false
      socket.send(JSON.stringify(frame))
      return true
    },
    drop: () => lose(1006),
    close: () => {
      enter('closed')
      clearTimeout(timer)
      release()?.close(1000)
    },
  }

  function connect(): void {
    enter('connecting')
    const url = options.urls[attempt % options.urls.length]!
    const opened = new WebSocket(url, 'gochat.v1')
    socket = opened
    opened.addEventListener('message', (event) => {
      if (socket === opened) receive(opened, String(event.data))
    })
    opened.addEventListener('close', (event) => {
      if (socket === opened) lose(event.code)
    })
    // A failed handshake says more in `close`, which follows.
    opened.addEventListener('error', () => {})
    listenForSilence()
  }

  function receive(from: WebSocket, text: string): void {
    listenForSilence()
    const frame = JSON.parse(text) as ServerFrame
    if (frame.t === 'ping') from.send('{"t":"pong"}')
    else if (frame.t === 'hello') void authenticate(from, frame.heartbeat)
    else if (frame.t === 'reconnect') reconnectAfterMs = frame.afterMs
    else if (frame.t === 'ready') {
      attempt = 0
      enter('ready')
    }
    options.onFrame(frame, text)
  }

  async function authenticate(
    to: WebSocket,
    heartbeat: { pingIntervalMs: number; pongTimeoutMs: number },
  ): Promise<void> {
    silenceMs = heartbeat.pingIntervalMs + heartbeat.pongTimeoutMs + 5_000
    enter('authenticating')
    try {
      const token = await options.token()
      if (socket === to) to.send(JSON.stringify({ t: 'auth', token }))
    } catch {
      if (socket === to) lose(1006)
    }
  }

  function lose(code: number): void {
    if (state === 'closed' || state === 'disconnected') return
    release()?.close()
    const willReconnect = !isFinalClose(code)
    enter(willReconnect ? 'disconnected' : 'closed')
    options.onClose(code, willReconnect)
    if (!willReconnect) {
      const message = `The server closed the connection with code ${code}.`
      options.onFailed(
        new ChatError({ code: code === 4501 ? 'TOKEN_EXPIRED' : 'UNAUTHENTICATED', message, retryable: false }),
      )
      return
    }
    timer = setTimeout(connect, reconnectAfterMs ?? reconnectDelayMs(attempt))
    reconnectAfterMs = undefined
    attempt++
  }

  function release(): WebSocket | undefined {
    const released = socket
    socket = undefined
    clearTimeout(silence)
    return released
  }

  function listenForSilence(): void {
    clearTimeout(silence)
    silence = setTimeout(() => lose(1006), silenceMs)
  }

  function enter(next: ConnectionState): void {
    if (state === next) return
    state = next
    options.onState(next)
  }
}
