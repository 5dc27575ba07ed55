import { connect } from 'node:net'

/** A TCP connection of the driver: one read buffer for all of them, and one write for all that is sent in one go. */
export interface Tcp {
  write(bytes: Buffer | string): void
  close(): void
  /** `chunk` is valid until the call returns. */
  onChunk: (chunk: Buffer) => void
  /** Not called after close(). */
  onClose: (reason: string) => void
}

const sharedBuffer = Buffer.allocUnsafe(256 * 1024)

export function openTcp(host: string, port: number): Tcp {
  const tcp: Tcp = {
    write(bytes) {
      // The answers to one chunk leave in one write, whoever's chunk it was.
      if (socket.writableCorked === 0) {
        socket.cork()
        process.nextTick(uncork)
      }
      socket.write(bytes)
    },
    close() {
      tcp.onClose = () => {}
      socket.destroy()
    },
    onChunk: () => {},
    onClose: () => {},
  }
  const socket = connect({
    host,
    port,
    noDelay: true,
    onread: {
      buffer: sharedBuffer,
      callback(length, buffer) {
        tcp.onChunk((buffer as Buffer).subarray(0, length))
        return true
      },
    },
  })
  const uncork = (): void => socket.uncork()
  socket.on('close', () => tcp.onClose('closed by the server'))
  socket.on('error', (error) => tcp.onClose(error.message))
  return tcp
}
