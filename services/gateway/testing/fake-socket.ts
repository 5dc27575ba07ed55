import { testMetrics } from '#infra/testing/index.ts'
import type { ClientSocket } from '../ws/client-socket.ts'
import { createFrameCounts, type FrameCounts } from '../ws/frame-counts.ts'
import { createHub, type Hub } from '../ws/hub.ts'
import { createWriter, type Writer } from '../ws/writer.ts'

/** A socket that keeps what was written to it. */
export interface FakeSocket extends ClientSocket {
  isOpen: boolean
  queuedBytes: number
  readonly writes: Buffer[]
  closedWith: [code: number, reason: string] | undefined
  /** The text frames written, in order, parsed; each write may hold several. */
  frames(): { t: string; [field: string]: unknown }[]
}

export function fakeSocket(): FakeSocket {
  const writes: Buffer[] = []
  return {
    isOpen: true,
    queuedBytes: 0,
    writes,
    closedWith: undefined,
    write: (frames) => void writes.push(frames),
    close(code, reason) {
      this.isOpen = false
      this.closedWith = [code, reason]
    },
    terminate() {
      this.isOpen = false
    },
    frames: () => readFrames(Buffer.concat(writes)).map((text) => JSON.parse(text) as { t: string }),
  }
}

/** A hub with its writer, whose slow sockets are only noted. */
export function testHub(): { hub: Hub; writer: Writer; counts: FrameCounts; slow: ClientSocket[] } {
  const metrics = testMetrics()
  const slow: ClientSocket[] = []
  const writer = createWriter({ maxQueuedBytes: 1000, onSlow: ({ socket }) => slow.push(socket), metrics })
  const counts = createFrameCounts(metrics)
  return { hub: createHub({ writer, counts }), writer, counts, slow }
}

/** The payloads of unmasked, unfragmented text frames, by RFC 6455 and not by the code under test. */
export function readFrames(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== 0x81) throw new Error(`byte ${at} begins no final text frame`)
    const short = bytes[at + 1]!
    const [length, header] =
      short < 126
        ? [short, 2]
        : short === 126
          ? [bytes.readUInt16BE(at + 2), 4]
          : [Number(bytes.readBigUInt64BE(at + 2)), 10]
    texts.push(bytes.subarray(at + header, at + header + length).toString())
    at += header + length
  }
  return texts
}
