import { inParallel } from '#tests/support/in-parallel.ts'
import type { Gateway } from './quick.ts'
import type { Person } from './population.ts'
import { connectRaw, type RawSocket } from './raw-socket.ts'
import { authenticate, isMessage, isPing, numberAfter, seqKey, textKey } from './seat.ts'

/** When one message reached the first and the last of the sockets that listen, in milliseconds after it was sent. */
export interface Arrival {
  firstMs: number
  lastMs: number
  sockets: number
}

/** Sockets that only listen: what is measured is when a message has come to all of them. */
export interface Listeners {
  readonly count: number
  /** By seq. */
  readonly arrivals: Map<number, Arrival>
  duplicated: number
  close(): void
}

export async function openListeners(people: readonly Person[], gateways: readonly Gateway[]): Promise<Listeners> {
  const arrivals = new Map<number, Arrival>()
  const sockets = await inParallel(people, 32, async (person, i) => {
    const socket = await connectRaw(gateways[i % gateways.length]!.wsUrl)
    await authenticate(socket, person)
    return socket
  })
  const listeners: Listeners = {
    count: sockets.length,
    arrivals,
    duplicated: 0,
    close: () => sockets.forEach((socket) => socket.close()),
  }
  for (const socket of sockets) listen(socket)
  return listeners

  function listen(socket: RawSocket): void {
    let lastSeq = 0
    socket.onFrame = (data, start, end) => {
      if (isPing(data, start, end)) socket.send('{"t":"pong"}')
      if (!isMessage(data, start)) return
      const seq = numberAfter(data, seqKey, start)
      if (seq <= lastSeq) listeners.duplicated++
      lastSeq = Math.max(lastSeq, seq)
      const sentAtMicros = numberAfter(data, textKey, start)
      const afterMs = performance.now() - sentAtMicros / 1000
      const arrival = arrivals.get(seq)
      if (arrival === undefined) arrivals.set(seq, { firstMs: afterMs, lastMs: afterMs, sockets: 1 })
      else {
        arrival.lastMs = afterMs
        arrival.sockets++
      }
    }
  }
}
