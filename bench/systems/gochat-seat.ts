import type { Person } from '#tests/support/crowd.ts'
import { bodyText, bodyTimeMs, readDigits, writeBody, writeDigits } from '../driver/body.ts'
import { Finder } from '../driver/finder.ts'
import { clientFrame } from '../driver/frames.ts'
import type { Ledger } from '../driver/ledger.ts'
import type { Seat } from '../driver/room.ts'
import { connectWebSocket, type WebSocketConnection } from '../driver/web-socket.ts'

/** One person with one socket in one conversation: sends, and checks what arrives by its seq. */
export async function takeSeat(
  wsUrl: string,
  person: Person,
  conversationId: string,
  ledger: Ledger,
  place: number,
): Promise<Seat> {
  const socket = await connect(wsUrl, person)
  const receiver = ledger.receivers[place]!
  const sending = sendTemplate(conversationId, `${person.id}-${Date.now().toString(36)}-`)
  const [ackSeq, entrySeq, text] = [new Finder('"seq":'), new Finder('"seq":'), new Finder('"text":"')]
  let sent = 0
  socket.onClose = (reason) => ledger.meter.closed.push(reason)
  socket.onFrame = (data, start, end) => {
    const kind = data[start + kindAt]
    if (kind === letter.m) onMessage(data, start, end)
    else if (kind === letter.a) onAck(data, start, end)
    else if (kind === letter.e) ledger.refused(place)
    else if (isPing(data, start)) socket.send('{"t":"pong"}')
  }
  return {
    send(dueMs) {
      socket.sendFrame(sending.frame(dueMs, sent, place))
      sent += 1
    },
    close: () => socket.close(),
  }

  function onMessage(data: Buffer, start: number, end: number): void {
    const at = entrySeq.find(data, start, end)
    const textAt = at < 0 ? -1 : text.find(data, at, end)
    // Without a text it is no message: the creation of the conversation, or a frame of another kind.
    if (textAt < 0) return
    receiver.take(0, readDigits(data, at), bodyTimeMs(data, textAt), performance.now())
  }

  /** One message a frame, so one result an ack. */
  function onAck(data: Buffer, start: number, end: number): void {
    const at = ackSeq.find(data, start, end)
    if (at < 0) return ledger.refused(place)
    ledger.answered(place, 0, readDigits(data, at))
  }
}

const connectAttempts = 3

/** Tries again where a busy machine let the time for it pass. Sockets that only hold or only ask use this without a seat. */
export async function connect(wsUrl: string, person: Person): Promise<WebSocketConnection> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connectOnce(wsUrl, person)
    } catch (error) {
      if (attempt === connectAttempts) throw error
    }
  }
}

async function connectOnce(wsUrl: string, person: Person): Promise<WebSocketConnection> {
  const socket = await connectWebSocket(wsUrl)
  await new Promise<void>((resolve, reject) => {
    const fail = (reason: string): void => {
      socket.close()
      reject(new Error(`closed before ready: ${reason}`))
    }
    socket.onClose = fail
    socket.onFrame = (data, start, end) => {
      const frame = data.toString('utf8', start, end)
      if (frame.startsWith('{"t":"hello"')) socket.send(JSON.stringify({ t: 'auth', token: person.token }))
      else if (frame.startsWith('{"t":"ready"')) resolve()
      else if (frame.startsWith('{"t":"error"')) fail(frame)
    }
  })
  return socket
}

/** A frame's kind shows in the first letter of its `t`: every frame starts with `{"t":"`. */
const kindAt = '{"t":"'.length
const letter = { a: 0x61, e: 0x65, m: 0x6d, p: 0x70 }

/** Pages begin with the same letter; no seat asks for one. */
export function isPing(data: Buffer, start: number): boolean {
  return data[start + kindAt] === letter.p && data[start + kindAt + 1] === 0x69
}

const idWidth = 9

/** The frame is built once; a send copies it and overwrites its digits. */
function sendTemplate(conversationId: string, idPrefix: string) {
  const id = '0'.repeat(idWidth)
  const body = { text: bodyText() }
  const frame = clientFrame(
    Buffer.from(
      `{"t":"send","id":"${id}","conversationId":"${conversationId}","messages":` +
        `[{"clientMessageId":"${idPrefix}${id}","type":"text","body":${JSON.stringify(body)}}]}`,
    ),
  )
  const frameIdAt = frame.indexOf('"id":"') + '"id":"'.length
  const messageIdAt = frame.indexOf(`${idPrefix}${id}`) + idPrefix.length
  const textAt = frame.indexOf('"text":"') + '"text":"'.length
  return {
    frame(dueMs: number, number: number, writer: number): Buffer {
      const copy = Buffer.from(frame)
      writeDigits(copy, frameIdAt, idWidth, number)
      writeDigits(copy, messageIdAt, idWidth, number)
      writeBody(copy, textAt, dueMs, number, writer)
      return copy
    },
  }
}
