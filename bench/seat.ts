import { connectRaw, type RawSocket } from './raw-socket.ts'
import type { Latencies } from './latency.ts'
import type { Person } from './population.ts'

/** A frame's kind shows in the first letter of its `t`: every frame starts with `{"t":"`. */
const kindAt = '{"t":"'.length
export const seqKey = Buffer.from('"seq":')
export const textKey = Buffer.from('"text":"')

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
    if (isMessage(data, start)) onMessage(data, start)
    else if (data[start + kindAt] === letterA) onAck(data.subarray(start, end))
    else if (isPing(data, start, end)) socket.send('{"t":"pong"}')
  }
  return seat

  function onMessage(data: Buffer, start: number): void {
    const seq = numberAfter(data, seqKey, start)
    // The creation, which reaches those who sat down before it was announced.
    if (seq === 1) return
    if (held.has(seq)) tally.duplicated++
    else if (seq < lastPushedSeq) tally.reordered++
    held.add(seq)
    lastPushedSeq = Math.max(lastPushedSeq, seq)
    if (!tally.isMeasuring) return
    tally.delivered++
    const sentAtMicros = numberAfter(data, textKey, start)
    tally.latencies.record(performance.now() - sentAtMicros / 1000)
  }

  function onAck(frame: Buffer): void {
    if (frame.includes(seqKey)) held.add(numberAfter(frame, seqKey, 0))
    else tally.refused++
    if (tally.isMeasuring) tally.acked++
    seat.onAck()
  }
}

/** Not `membership`, which begins with the same letters. */
export function isMessage(data: Buffer, start: number): boolean {
  return data[start + kindAt] === letterM && data[start + kindAt + 2] === letterS
}

export function isPing(data: Buffer, start: number, end: number): boolean {
  return end - start === ping.length && ping.compare(data, start, end) === 0
}

const letterA = 0x61
const letterM = 0x6d
const letterS = 0x73
const ping = Buffer.from('{"t":"ping"}')

export async function authenticate(socket: RawSocket, person: Person): Promise<void> {
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

/** The number behind a key. */
export function numberAfter(data: Buffer, key: Buffer, start: number): number {
  let value = 0
  for (let i = data.indexOf(key, start) + key.length; ; i++) {
    const digit = data[i]! - 48
    if (digit < 0 || digit > 9) return value
    value = value * 10 + digit
  }
}
