import { errorBody, errorEntry, type AppError } from '#infra/errors/index.ts'
import type { ServerFrame } from '#proto/frames/index.ts'
import type { Identity } from '../ports.ts'
import type { ClientSocket } from './client-socket.ts'
import type { FrameCounts } from './frame-counts.ts'
import { jsonFrame } from './text-frame.ts'
import type { Outgoing, Writer } from './writer.ts'

/** One client's connection: its number in this process, who it is, and its way out. A class: there are ten thousands. */
export class Connection implements Outgoing {
  /** What logic and routes call it. Never 0. */
  readonly number: number
  readonly socket: ClientSocket
  readonly ip: string
  readonly frames: Buffer[] = []
  readonly #writer: Writer
  readonly #counts: FrameCounts
  /** Known after auth. */
  identity: Identity | undefined
  /** Deliveries start after `ready`. */
  isReady = false
  /** Set by every frame from the client, taken back by every ping. */
  isAlive = true

  constructor(number: number, socket: ClientSocket, ip: string, writer: Writer, counts: FrameCounts) {
    this.number = number
    this.socket = socket
    this.ip = ip
    this.#writer = writer
    this.#counts = counts
  }

  send(frame: ServerFrame): void {
    this.sendPrepared(jsonFrame(frame), frame.t)
  }

  sendPrepared(frame: Buffer, type: ServerFrame['t']): void {
    this.#counts.sent(type, 1)
    this.#writer.push(this, frame)
  }

  refuse(error: AppError, id?: string): void {
    this.send({ t: 'error', ...(id === undefined ? {} : { id }), error: errorBody(error) })
  }

  /** Says why, then closes with the error's code of the table. */
  closeWith(error: AppError): void {
    if (!this.socket.isOpen) return
    this.refuse(error)
    this.closeQuietly(errorEntry(error.code).close ?? internalErrorCode, error.code)
  }

  /** What is queued leaves first. */
  closeQuietly(code: number, reason: string): void {
    if (!this.socket.isOpen) return
    this.#writer.flushOne(this)
    this.socket.close(code, reason)
  }
}

const internalErrorCode = 1011
