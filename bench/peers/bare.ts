import { openRooms } from '../driver/room.ts'
import { connectWebSocket } from '../driver/web-socket.ts'
import { takeSeat } from '../systems/gochat-seat.ts'
import type { System } from '../systems/system.ts'
import { startNodePeer } from './node-peer.ts'
import type { PeerContext } from './peer.ts'

const urlOf = (port: number) => `ws://127.0.0.1:${port}`

/** Our sockets without our system: what this machine and this driver allow. It stores nothing, and is the limit of a row, no rival. */
export async function startBare(context: PeerContext): Promise<System> {
  const { port, processes } = await startNodePeer(
    'bare',
    'bare-server.ts',
    (at) => connectWebSocket(urlOf(at)),
    context,
  )
  return {
    name: 'bare',
    processes,
    open: (shape, meter) =>
      openRooms(shape, meter, ({ room, place, ledger }) => {
        const name = `${shape.name}-${room}`
        return takeSeat(urlOf(port), { id: `${room}-${place}`, token: name }, name, ledger, place)
      }),
  }
}
