import type { Socket } from 'node:net'

/** Whole lines of a socket, without node:readline, which throws a socket's error a second time where nobody can catch it. */
export function onLines(socket: Socket, onLine: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
}
