import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'

/** Throws one error that names every taken port and, as far as /proc shows it, its holder. */
export async function requireFreePorts(ports: readonly number[]): Promise<void> {
  const taken: string[] = []
  for (const port of ports) {
    if (await isFree(port)) continue
    taken.push(`port ${port} is held by ${(await holderOf(port)) ?? 'a process that cannot be seen from here'}`)
  }
  if (taken.length === 0) return
  throw new Error(
    `${taken.join('\n')}\nStop it, or choose other ports: GOCHAT_PORT_BASE=23000 ./gochat … (with every command)`,
  )
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

async function holderOf(port: number): Promise<string | undefined> {
  const inode = (await listeningInode(port, '/proc/net/tcp')) ?? (await listeningInode(port, '/proc/net/tcp6'))
  if (inode === undefined) return undefined
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      if (target !== `socket:[${inode}]`) continue
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return `pid ${pid} (${command.replaceAll('\0', ' ').trim().slice(0, 120)})`
    }
  }
  return undefined
}

const LISTEN_STATE = '0A'

async function listeningInode(port: number, table: string): Promise<string | undefined> {
  const text = await readFile(table, 'utf8').catch(() => '')
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of text.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/)
    if (columns[1]?.endsWith(suffix) && columns[3] === LISTEN_STATE) return columns[9]
  }
  return undefined
}
