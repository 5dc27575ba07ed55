/** The process of the socket.io peer: rooms in memory, nothing stored; the ack comes when the room has been written to. */
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const port = Number(process.argv[2])
const http = createServer()
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })
io.on('connection', (socket) => {
  socket.on('join', (room: string, ack: () => void) => {
    void socket.join(room)
    ack()
  })
  socket.on('send', (room: string, text: string, ack: () => void) => {
    socket.to(room).emit('message', text)
    ack()
  })
})
http.listen({ port, host: '127.0.0.1', backlog: 4096 })
process.on('SIGTERM', () => process.exit(0))
