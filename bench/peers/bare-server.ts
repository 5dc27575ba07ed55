/**
 * The process of the peer `bare`: a gateway's sockets, in GoChat's own frames, with nothing behind them. No conversation is
 * stored, no session checked, no other process asked. What it does is the most that sockets and driver let anybody do here.
 */
import { WebSocketServer } from 'ws'
import { messageFrame } from '#delivery/message-frame.ts'
import { createMetrics } from '#infra/metrics/index.ts'
import { WsSocket } from '#services/gateway/ws/client-socket.ts'
import { jsonFrame, textFrame } from '#services/gateway/ws/text-frame.ts'
import { createWriter, type Outgoing } from '#services/gateway/ws/writer.ts'

interface Room {
  readonly members: Set<Outgoing>
  seq: number
}

interface SendFrame {
  readonly t: 'send'
  readonly id: string
  readonly conversationId: string
  readonly messages: readonly { clientMessageId: string; type: string; body: object }[]
}

const rooms = new Map<string, Room>()
const metrics = createMetrics({ service: 'bench', instance: 'bare' })
const writer = createWriter({ onSlow: ({ socket }) => socket.terminate(), metrics })

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 })
server.on('connection', (ws, { socket }) => {
  const member: Outgoing = { socket: new WsSocket(ws, socket), frames: [] }
  let room: Room | undefined
  writer.push(member, jsonFrame({ t: 'hello' }))
  ws.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as SendFrame | { t: 'auth'; token: string }
    if (frame.t === 'send') carry(frame, member, room!)
    else {
      room = enter(frame.token, member)
      writer.push(member, jsonFrame({ t: 'ready' }))
    }
  })
  ws.on('close', () => room?.members.delete(member))
})

/** Whoever names a room as its token is in it. */
function enter(name: string, member: Outgoing): Room {
  const room = rooms.get(name) ?? { members: new Set(), seq: 0 }
  rooms.set(name, room)
  room.members.add(member)
  return room
}

function carry({ id, conversationId, messages }: SendFrame, sender: Outgoing, room: Room): void {
  const createdAt = Date.now()
  const results = []
  for (const { clientMessageId, type, body } of messages) {
    room.seq += 1
    const entry = { type, senderId: '1', clientMessageId, body: Buffer.from(JSON.stringify(body)) }
    const frame = textFrame(messageFrame(conversationId, room.seq, entry, createdAt))
    for (const member of room.members) if (member !== sender) writer.push(member, frame)
    results.push({ clientMessageId, seq: room.seq, createdAt })
  }
  const ack = { t: 'ack', id, conversationId, results }
  writer.push(sender, jsonFrame(ack))
}
process.on('SIGTERM', () => process.exit(0))
