import { createConnection, type Socket } from 'node:net'
import { randomBytes } from 'node:crypto'

/** A TCP connection that says whatever bytes it is given. */
export interface RawTcp {
  write(bytes: Buffer | string): void
  /** Resolves with all that was heard, once `isEnough` says so, the other side has closed, or the time is over. */
  hear(isEnough: (heard: string) => boolean, timeoutMs: number): Promise<string>
  readonly isClosed: boolean
  drop(): void
}

export async function openRawTcp(url: string): Promise<RawTcp> {
  const { hostname, port } = new URL(url)
  const socket: Socket = createConnection({ host: hostname, port: Number(port) })
  let heard = ''
  let isClosed = false
  let onNews = () => {}
  socket.on('data', (data) => {
    heard += data.toString('latin1')
    onNews()
  })
  // A reset is one way to be refused.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
    onNews()
  })
  await new Promise<void>((resolve) => void socket.once('connect', resolve).once('close', resolve))

  return {
    write: (bytes) => void (isClosed || socket.write(bytes)),
    hear: (isEnough, timeoutMs) =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer)
          onNews = () => {}
          resolve(heard)
        }
        const timer = setTimeout(end, timeoutMs)
        onNews = () => void ((isClosed || isEnough(heard)) && end())
        onNews()
      }),
    get isClosed() {
      return isClosed
    },
    drop: () => void socket.destroy(),
  }
}

/** Asks for a WebSocket and waits for the server's hello. */
export async function upgradeRawTcp(wsUrl: string): Promise<RawTcp> {
  const { host, pathname } = new URL(wsUrl)
  const tcp = await openRawTcp(wsUrl.replace('ws:', 'http:'))
  tcp.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  await tcp.hear((heard) => heard.includes('"t":"hello"'), 5000)
  return tcp
}
