import { inParallel } from '#tests/support/in-parallel.ts'
import type { Person } from '#tests/support/crowd.ts'
import { bodyTimeMs, readDigits } from './driver/body.ts'
import { Finder } from './driver/finder.ts'
import type { WebSocketConnection } from './driver/web-socket.ts'
import type { Gateway } from './systems/gochat.ts'
import { connect, isPing } from './systems/gochat-seat.ts'

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
  const sockets = await inParallel(people, 32, (person, i) => connect(gateways[i % gateways.length]!.wsUrl, person))
  const listeners: Listeners = {
    count: sockets.length,
    arrivals,
    duplicated: 0,
    close: () => sockets.forEach((socket) => socket.close()),
  }
  for (const socket of sockets) listen(socket)
  return listeners

  function listen(socket: WebSocketConnection): void {
    const [seqKey, text] = [new Finder('"seq":'), new Finder('"text":"')]
    let lastSeq = 0
    socket.onFrame = (data, start, end) => {
      if (isPing(data, start)) return socket.send('{"t":"pong"}')
      const at = seqKey.find(data, start, end)
      const textAt = at < 0 ? -1 : text.find(data, at, end)
      if (textAt < 0) return
      const seq = readDigits(data, at)
      if (seq <= lastSeq) listeners.duplicated++
      lastSeq = Math.max(lastSeq, seq)
      const afterMs = performance.now() - bodyTimeMs(data, textAt)
      const arrival = arrivals.get(seq)
      if (arrival === undefined) arrivals.set(seq, { firstMs: afterMs, lastMs: afterMs, sockets: 1 })
      else {
        arrival.lastMs = afterMs
        arrival.sockets++
      }
    }
  }
}
