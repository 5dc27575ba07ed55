import { bodyNumber, bodyText, bodyTimeMs, bodyWriter, readDigits, writeBody, writeDigits } from '../driver/body.ts'
import { clientFrame } from '../driver/frames.ts'
import type { Ledger } from '../driver/ledger.ts'
import { openRooms, type Seat } from '../driver/room.ts'
import { connectWebSocket, type WebSocketConnection } from '../driver/web-socket.ts'
import type { System } from '../systems/system.ts'
import { startNodePeer } from './node-peer.ts'
import type { PeerContext } from './peer.ts'

/** socket.io in one process: it stores nothing, so it does less than the others and is no rival in what it promises. */
export async function startSocketIo(context: PeerContext): Promise<System> {
  const { port, processes } = await startNodePeer('socket.io', 'socket-io-server.ts', connect, context)
  return {
    name: 'socket.io',
    processes,
    open: (shape, meter) =>
      openRooms(shape, meter, ({ room, place, ledger }) => takeSeat(port, `${shape.name}-${room}`, ledger, place)),
  }
}

const idWidth = 9
/** Packets of engine.io and socket.io: 4 is a message, 2 in it an event, 3 in it an ack; then its id and JSON. */
const packet = { event: '42[', ack: '43', connect: '40', ping: '2', pong: '3' }
const eventAt = '42["message","'.length

async function takeSeat(port: number, room: string, ledger: Ledger, place: number): Promise<Seat> {
  const socket = await connect(port)
  await ask(socket, `420["join","${room}"]`, '430')
  const receiver = ledger.receivers[place]!
  const id = '0'.repeat(idWidth)
  const template = clientFrame(Buffer.from(`421${id}["send","${room}","${bodyText()}"]`))
  const idAt = template.indexOf(id)
  const bodyAt = template.indexOf(bodyText())
  let sent = 0
  socket.onClose = (reason) => ledger.meter.closed.push(reason)
  socket.onFrame = (data, start, end) => {
    if (data[start] === packet.ping.charCodeAt(0)) return socket.send(packet.pong)
    // The id of an ack begins with a 1, so that its zeros are kept.
    if (data[start + 1] === packet.ack.charCodeAt(1)) {
      return ledger.answered(place, place, readDigits(data, start + 3, idWidth))
    }
    const at = start + eventAt
    if (at < end) receiver.take(bodyWriter(data, at), bodyNumber(data, at), bodyTimeMs(data, at), performance.now())
  }
  return {
    send(dueMs) {
      const frame = Buffer.from(template)
      writeDigits(frame, idAt, idWidth, sent)
      writeBody(frame, bodyAt, dueMs, sent, place)
      sent += 1
      socket.sendFrame(frame)
    },
    close: () => socket.close(),
  }
}

async function connect(port: number): Promise<WebSocketConnection> {
  const socket = await connectWebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`)
  await ask(socket, undefined, '0')
  await ask(socket, packet.connect, packet.connect)
  return socket
}

/** Resolves when a frame comes that begins so. */
function ask(socket: WebSocketConnection, text: string | undefined, answer: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.onClose = (reason) => reject(new Error(`socket.io: ${reason}`))
    socket.onFrame = (data, start, end) => {
      if (data.toString('latin1', start, end).startsWith(answer)) resolve()
    }
    if (text !== undefined) socket.send(text)
  })
}
