import type { Socket } from 'node:net'
import { WebSocket } from 'ws'

/** The part of a client's socket that everything here writes through. */
export interface ClientSocket {
  /** True while a data frame may be written. */
  readonly isOpen: boolean
  /** Bytes handed over that the kernel has not taken. */
  readonly queuedBytes: number
  /** Whole frames only. */
  write(frames: Buffer): void
  /** The closing handshake. Nothing more can be written. */
  close(code: number, reason: string): void
  /** Without a handshake, at once. */
  terminate(): void
}

/**
 * Writes prepared frames to the TCP socket under `ws`, past its sender. That is safe because ws writes each of its own frames
 * (pong, close) in one go too, so frames never mix; because without compression its sender holds nothing back that
 * could be overtaken; and because nothing is written once the close frame has left (`isOpen`).
 */
export class WsSocket implements ClientSocket {
  readonly #ws: WebSocket
  readonly #socket: Socket

  constructor(ws: WebSocket, socket: Socket) {
    this.#ws = ws
    this.#socket = socket
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN && this.#socket.writable
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  write(frames: Buffer): void {
    this.#socket.write(frames)
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }
}
