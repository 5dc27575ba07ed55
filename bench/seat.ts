import { connectRaw, type RawSocket } from './raw-socket.ts'
import type { Latencies } from './latency.ts'
import type { Person } from './population.ts'

/** A frame's kind shows in the first letter of its `t`: every frame starts with `{"t":"`. */
const kindAt = '{"t":"'.length
const seqKey = Buffer.from('"seq":')
const textKey = Buffer.from('"text":"')

/** What the sockets of one run saw, added up. */
export interface Tally {
  acked: number
  refused: number
  delivered: number
  duplicated: number
  reordered: number
  latencies: Latencies
  isMeasuring: boolean
}

/** One person with one socket in one conversation: sends, and checks what arrives by its seq. */
export interface Seat {
  send(): void
  onAck: () => void
  /** How many different entries this seat holds since it sat down: its own acked ones and those pushed to it. */
  readonly held: () => number
  close(): void
}

/** Sent with every message: when, in microseconds of this process's clock, padded, then filler. */
const filler = ' the rest of a message of ordinary length, as people write them in a chat about something.'

export async function takeSeat(wsUrl: string, person: Person, conversationId: string, tally: Tally): Promise<Seat> {
  const socket = await connectRaw(wsUrl)
  await authenticate(socket, person)
  const prefix = `${person.id.slice(-8)}-${Date.now().toString(36)}-`
  let sent = 0
  const held = new Set<number>()
  let lastPushedSeq = 0
  const seat: Seat = {
    send() {
      const number = sent++
      const sentAtMicros = Math.round(performance.now() * 1000)
        .toString()
        .padStart(14, '0')
      socket.send(
        `{"t":"send","id":"${number}","conversationId":"${conversationId}","messages":[{"clientMessageId":"${prefix}${number}",` +
          `"type":"text","body":{"text":"${sentAtMicros}${filler}"}}]}`,
      )
    },
    onAck: () => {},
    held: () => held.size,
    close: () => socket.close(),
  }
  socket.onFrame = (data, start, end) => {
    const kind = String.fromCharCode(data[start + kindAt]!)
    if (kind === 'm') onMessage(data, start)
    else if (kind === 'a') onAck(data.subarray(start, end))
    else if (data.toString('latin1', start, end) === '{"t":"ping"}') socket.send('{"t":"pong"}')
  }
  return seat

  function onMessage(data: Buffer, start: number): void {
    const seq = numberAt(data, data.indexOf(seqKey, start) + seqKey.length)
    // The creation, which reaches those who sat down before it was announced.
    if (seq === 1) return
    if (held.has(seq)) tally.duplicated++
    else if (seq < lastPushedSeq) tally.reordered++
    held.add(seq)
    lastPushedSeq = Math.max(lastPushedSeq, seq)
    if (!tally.isMeasuring) return
    tally.delivered++
    const sentAtMicros = numberAt(data, data.indexOf(textKey, start) + textKey.length)
    tally.latencies.record(performance.now() - sentAtMicros / 1000)
  }

  function onAck(frame: Buffer): void {
    const seqAt = frame.indexOf(seqKey)
    if (seqAt < 0) tally.refused++
    else held.add(numberAt(frame, seqAt + seqKey.length))
    if (tally.isMeasuring) tally.acked++
    seat.onAck()
  }
}

async function authenticate(socket: RawSocket, person: Person): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.onClose = (reason) => reject(new Error(`closed before ready: ${reason}`))
    socket.onFrame = (data, start, end) => {
      const frame = data.toString('utf8', start, end)
      if (frame.startsWith('{"t":"hello"')) socket.send(JSON.stringify({ t: 'auth', token: person.token }))
      else if (frame.startsWith('{"t":"ready"')) resolve()
      else if (frame.startsWith('{"t":"error"')) reject(new Error(frame))
    }
  })
  socket.onClose = (reason) => {
    throw new Error(`a socket closed during the run: ${reason}`)
  }
}

function numberAt(data: Buffer, at: number): number {
  let value = 0
  for (let i = at; ; i++) {
    const digit = data[i]! - 48
    if (digit < 0 || digit > 9) return value
    value = value * 10 + digit
  }
}
