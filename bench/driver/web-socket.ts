import { createHash, randomBytes } from 'node:crypto'
import { clientFrame, FrameReader, type OnFrame } from './frames.ts'
import { openTcp } from './tcp.ts'

export interface WebSocketConnection {
  /** Sends one text frame. */
  send(text: string): void
  /** Sends bytes that are frames already. */
  sendFrame(frame: Buffer): void
  close(): void
  onFrame: OnFrame
  /** Not called after close(). */
  onClose: (reason: string) => void
}

/**
 * A WebSocket client that costs a load driver as little as can be: no events per frame, no copies, no unmasking work. Frames are
 * looked at where they arrive.
 */
export async function connectWebSocket(url: string, timeoutMs = 20_000): Promise<WebSocketConnection> {
  const { hostname, port, pathname, search } = new URL(url)
  const reader = new FrameReader()
  const tcp = openTcp(hostname, Number(port))
  const socket: WebSocketConnection = {
    send: (text) => tcp.write(clientFrame(Buffer.from(text))),
    sendFrame: (frame) => tcp.write(frame),
    close: () => tcp.close(),
    onFrame: () => {},
    onClose: () => {},
  }
  const key = randomBytes(16).toString('base64')
  tcp.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  )
  await new Promise<void>((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(timer)
      tcp.close()
      reject(new Error(reason))
    }
    const timer = setTimeout(() => fail(`no handshake within ${timeoutMs} ms`), timeoutMs)
    tcp.onClose = (reason) => fail(`closed during the handshake: ${reason}`)
    let head = Buffer.alloc(0)
    tcp.onChunk = (chunk) => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      if (!head.toString('latin1', 0, end).includes(acceptOf(key))) return fail('not a WebSocket handshake')
      clearTimeout(timer)
      // The first frame may have come in the same chunk; it is read once the caller has set onFrame.
      let rest = Buffer.from(head.subarray(end + 4))
      tcp.onChunk = (more) => {
        if (rest.length > 0) reader.read(rest, socket.onFrame)
        rest = Buffer.alloc(0)
        reader.read(more, socket.onFrame)
      }
      setImmediate(() => tcp.onChunk(Buffer.alloc(0)))
      resolve()
    }
  })
  tcp.onClose = (reason) => socket.onClose(reason)
  return socket
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
