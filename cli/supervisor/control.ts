import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { onLines } from './lines.ts'
import type { ControlRequest, ControlResponse } from './spec.ts'

/** Listens on a unix socket that only its owner can open. */
export function listenControl(path: string, handle: (request: ControlRequest) => Promise<unknown>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  const server = createServer((socket) => serve(socket, handle))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      chmodSync(path, 0o600)
      resolve()
    })
  })
}

function serve(socket: Socket, handle: (request: ControlRequest) => Promise<unknown>): void {
  socket.on('error', () => socket.destroy()) // the command on the other side was interrupted
  onLines(socket, (line) => {
    void answer(line, handle).then((response) => {
      if (!socket.destroyed) socket.write(JSON.stringify(response) + '\n')
    })
  })
}

async function answer(line: string, handle: (request: ControlRequest) => Promise<unknown>): Promise<ControlResponse> {
  try {
    return { ok: true, result: (await handle(JSON.parse(line) as ControlRequest)) ?? null }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) }
  }
}
