/**
 * Station 16 of the message path. Before: services/gateway/ws/hub.ts. After: sdk/src/repair.ts.
 * The frames of a fetch leave in one write per socket; members of a room share the bytes.
 */
import type { Metrics } from '#infra/metrics/index.ts'
import type { ClientSocket } from './client-socket.ts'
import { createJoiner } from './joiner.ts'

/** What the writer keeps for each socket: frames that wait for the next flush. */
export interface Outgoing {
  readonly socket: ClientSocket
  readonly frames: Buffer[]
}

/**
 * The only way to a socket: frames wait until the flush, which writes each socket once, with all its frames joined.
 * It is the write that costs, not the frame.
 */
export interface Writer {
  /** Queues a frame; unless flush() comes first it leaves at the end of this turn of the event loop. */
  push(to: Outgoing, frame: Buffer): void
  flush(): void
  /** Now, for a socket that is about to be closed. */
  flushOne(to: Outgoing): void
}

export interface WriterOptions {
  /** A socket with more bytes that the kernel has not taken is not written any more. Default 1 MiB. */
  readonly maxQueuedBytes?: number
  readonly onSlow: (to: Outgoing) => void
  readonly metrics: Metrics
}

/** Sockets written in one go; then other work, heartbeats among it, gets its turn. */
const maxWritesPerTurn = 1000

export function createWriter(options: WriterOptions): Writer {
  const { maxQueuedBytes = 1024 * 1024, onSlow, metrics } = options
  const writes = metrics.counter('gochat_gateway_socket_writes_total', 'Writes to client sockets')
  const joiner = createJoiner()
  let waiting: Outgoing[] = []
  let immediate: NodeJS.Immediate | undefined

  function flush(): void {
    clearImmediate(immediate)
    immediate = undefined
    const batch = waiting.length <= maxWritesPerTurn ? waiting : waiting.slice(0, maxWritesPerTurn)
    waiting = waiting.slice(batch.length)
    for (const to of batch) write(to)
    writes.inc(batch.length)
    if (waiting.length > 0) immediate = setImmediate(flush)
    else joiner.clear()
  }

  function write(to: Outgoing): void {
    const { socket, frames } = to
    const isSlow = socket.isOpen && socket.queuedBytes > maxQueuedBytes
    if (frames.length > 0 && socket.isOpen && !isSlow) socket.write(joiner.join(frames))
    frames.length = 0
    if (isSlow) onSlow(to)
  }

  return {
    push(to, frame) {
      if (!to.socket.isOpen) return
      if (to.frames.push(frame) === 1) waiting.push(to)
      immediate ??= setImmediate(flush)
    },
    flush,
    flushOne: write,
  }
}
