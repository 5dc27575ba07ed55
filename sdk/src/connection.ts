import type { ClientFrame, ServerFrame } from '../../proto/frames/index.ts'
import { ChatError } from './errors.ts'
import { isFinalClose, reconnectDelayMs } from './reconnect-policy.ts'

export type ConnectionState = 'disconnected' | 'connecting' | 'authenticating' | 'ready' | 'closed'

export type TokenSource = (need: { readonly isExpired: boolean }) => string | Promise<string>

export interface ConnectionOptions {
  /** One of them is tried after the other. */
  readonly urls: readonly string[]
  /** A function is asked before every connection. */
  readonly token: string | TokenSource
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
  /** The server has called the last token too old, and none has been good since. */
  let isExpired = false

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
      isExpired = false
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
      const token = typeof options.token === 'string' ? options.token : await options.token({ isExpired })
      if (socket === to) to.send(JSON.stringify({ t: 'auth', token }))
    } catch (error) {
      if (socket !== to) return
      if (error instanceof ChatError && !error.retryable) fail(1000, error)
      else lose(1006)
    }
  }

  function fail(code: number, error: ChatError): void {
    release()?.close()
    enter('closed')
    options.onClose(code, false)
    options.onFailed(error)
  }

  function lose(code: number): void {
    if (state === 'closed' || state === 'disconnected') return
    if (isFinalClose(code) && !canGetAnotherToken(code)) {
      const message = `The server closed the connection with code ${code}.`
      fail(code, new ChatError({ code: refusals[code] ?? 'UNAUTHENTICATED', message, retryable: false }))
      return
    }
    isExpired ||= code === tokenExpired
    release()?.close()
    enter('disconnected')
    options.onClose(code, true)
    timer = setTimeout(connect, reconnectAfterMs ?? reconnectDelayMs(attempt))
    reconnectAfterMs = undefined
    attempt++
  }

  /** Once: a token that is new and too old is a matter of clocks, and no other will help. */
  function canGetAnotherToken(code: number): boolean {
    return code === tokenExpired && typeof options.token === 'function' && !isExpired
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

const tokenExpired = 4501
const refusals: Readonly<Record<number, string>> = {
  [tokenExpired]: 'TOKEN_EXPIRED',
  4504: 'SESSION_REVOKED',
  4505: 'ACCOUNT_SUSPENDED',
}
