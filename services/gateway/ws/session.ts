/**
 * Station 2 of the message path. Before: sdk/src/outbox.ts. After: services/gateway/ws/frame-handler.ts.
 * Text messages of one socket become frames, once it has said who it is.
 */
import { AppError, toAppError } from '#infra/errors/index.ts'
import type { ClientFrame } from '#proto/frames/index.ts'
import type { FrameParser } from './client-frames.ts'
import type { Connection } from './connection.ts'
import type { FrameCounts } from './frame-counts.ts'
import type { FrameHandler } from './frame-handler.ts'
import type { Login } from './login.ts'

export interface SessionDeps {
  readonly parse: FrameParser
  readonly login: Login
  readonly handler: FrameHandler
  readonly counts: FrameCounts
  /** The connection is no stranger any more. */
  readonly onReady: (connection: Connection) => void
}

/** Frames that may come before `ready`, while the token is looked at. */
const maxEarlyFrames = 4
const maxViolations = 10
const violationWindowMs = 60_000

/**
 * The life of one connection: stranger → entering → ready. Takes text messages in order.
 */
export class Session {
  readonly #connection: Connection
  readonly #deps: SessionDeps
  #state: 'stranger' | 'entering' | 'ready' = 'stranger'
  #early: ClientFrame[] = []
  #violations = 0
  #windowStartMs = 0

  constructor(connection: Connection, deps: SessionDeps) {
    this.#connection = connection
    this.#deps = deps
  }

  /** A ticket came with the handshake: no auth frame is needed. */
  useTicket(ticket: string): void {
    this.#enter(this.#deps.login.withTicket(this.#connection, ticket))
  }

  receive(data: Buffer, isBinary: boolean): void {
    const connection = this.#connection
    connection.isAlive = true
    if (!connection.socket.isOpen) return
    if (isBinary) {
      connection.closeWith(new AppError('PROTOCOL_VIOLATION', { message: 'Frames are text.' }))
      return
    }
    const parsed = this.#deps.parse(data.toString())
    if ('error' in parsed) {
      this.#deps.counts.received('other')
      this.#refuse(parsed.error, parsed.id)
      return
    }
    this.#deps.counts.received(parsed.frame.t)
    this.#take(parsed.frame)
  }

  #take(frame: ClientFrame): void {
    if (frame.t === 'ping') this.#connection.send({ t: 'pong' })
    else if (frame.t === 'pong') return
    else if (frame.t === 'auth') this.#authenticate(frame.token)
    else if (this.#state === 'ready') this.#deps.handler.handle(this.#connection, frame)
    else if (this.#early.length < maxEarlyFrames) this.#early.push(frame)
    else this.#connection.closeWith(new AppError('PROTOCOL_VIOLATION', { message: 'Authenticate first.' }))
  }

  #authenticate(token: string): void {
    if (this.#state === 'stranger') this.#enter(this.#deps.login.withToken(this.#connection, token))
    else this.#connection.closeWith(new AppError('PROTOCOL_VIOLATION', { message: 'Authenticate once.' }))
  }

  #enter(login: Promise<void>): void {
    this.#state = 'entering'
    login.then(
      () => this.#ready(),
      (error: unknown) => this.#connection.closeWith(toAppError(error)),
    )
  }

  #ready(): void {
    if (!this.#connection.isReady) return
    this.#state = 'ready'
    this.#deps.onReady(this.#connection)
    const early = this.#early
    this.#early = []
    for (const frame of early) this.#take(frame)
  }

  /** The connection stays; a client that does nothing but err does not. */
  #refuse(error: AppError, id: string | undefined): void {
    this.#connection.refuse(error, id)
    const nowMs = performance.now()
    if (nowMs - this.#windowStartMs > violationWindowMs) {
      this.#windowStartMs = nowMs
      this.#violations = 0
    }
    this.#violations += 1
    if (this.#violations > maxViolations) {
      this.#connection.closeWith(new AppError('PROTOCOL_VIOLATION', { message: 'Too many wrong frames.' }))
    }
  }
}
