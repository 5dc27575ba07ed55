import { createHash, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** Called for every text frame: `data` is valid until the call returns. */
export type OnFrame = (data: Buffer, start: number, end: number) => void

export interface RawSocket {
  /** Sends one text frame. */
  send(text: string): void
  close(): void
  onFrame: OnFrame
  onClose: (reason: string) => void
}

/** One read buffer for all sockets: frames are looked at where they arrive, and copied only when cut in two. */
const sharedBuffer = Buffer.allocUnsafe(256 * 1024)

/**
 * A WebSocket client that costs a load driver as little as can be: no events per frame, no copies, no unmasking work
 * (the mask is zero, which the protocol allows).
 */
export async function connectRaw(url: string, timeoutMs = 10_000): Promise<RawSocket> {
  const { hostname, port, pathname } = new URL(url)
  const reader = new FrameReader()
  const raw: RawSocket = {
    send: (text) => void socket.write(textFrame(text)),
    close: () => {
      raw.onClose = () => {}
      socket.destroy()
    },
    onFrame: () => {},
    onClose: () => {},
  }
  let onHandshake: (head: Buffer) => void = () => {}
  let isOpen = false
  const socket: Socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: {
      buffer: sharedBuffer,
      callback: (length, buffer) => {
        const chunk = (buffer as Buffer).subarray(0, length)
        if (isOpen) reader.read(chunk, raw.onFrame)
        else onHandshake(chunk)
        return true
      },
    },
  })
  socket.on('close', () => raw.onClose('closed'))
  socket.on('error', (error) => raw.onClose(error.message))
  const key = randomBytes(16).toString('base64')
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  )
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no handshake within ${timeoutMs} ms`)), timeoutMs)
    raw.onClose = (reason) => reject(new Error(`closed during the handshake: ${reason}`))
    let head = Buffer.alloc(0)
    onHandshake = (chunk) => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      clearTimeout(timer)
      if (!head.toString('latin1', 0, end).includes(acceptOf(key))) reject(new Error('not a WebSocket handshake'))
      isOpen = true
      resolve()
      // The first frame may have come in the same chunk; it is read once the caller has set onFrame.
      const rest = Buffer.from(head.subarray(end + 4))
      if (rest.length > 0) setImmediate(() => reader.read(rest, raw.onFrame))
    }
  })
  raw.onClose = () => {}
  return raw
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const headerLength = length < 126 ? 6 : 8
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = 0x81
  if (length < 126) {
    frame[1] = 0x80 | length
  } else {
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(length, 2)
  }
  frame.writeUInt32BE(0, headerLength - 4)
  frame.write(text, headerLength)
  return frame
}

/** Walks frame headers; keeps the tail of a chunk that ends inside a frame. */
class FrameReader {
  #tail: Buffer | undefined

  read(chunk: Buffer, onFrame: OnFrame): void {
    const data = this.#tail === undefined ? chunk : Buffer.concat([this.#tail, chunk])
    this.#tail = undefined
    let at = 0
    while (at + 2 <= data.length) {
      let length = data[at + 1]! & 0x7f
      let start = at + 2
      if (length === 126) {
        if (at + 4 > data.length) break
        length = data.readUInt16BE(at + 2)
        start = at + 4
      } else if (length === 127) {
        if (at + 10 > data.length) break
        length = data.readUInt32BE(at + 6)
        start = at + 10
      }
      const end = start + length
      if (end > data.length) break
      if ((data[at]! & 0x0f) === 1) onFrame(data, start, end)
      at = end
    }
    if (at < data.length) this.#tail = Buffer.from(data.subarray(at))
  }
}
