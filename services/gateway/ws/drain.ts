import { errorEntry } from '#infra/errors/index.ts'
import { sleep } from '#infra/lifecycle/index.ts'
import type { Connection } from './connection.ts'
import type { Hub } from './hub.ts'

const stepMs = 50
/** For the last closing handshakes. */
const graceMs = 500

/**
 * Sends every client away, at random moments within `drainMs`, so that they do not all knock at the next gateway at once:
 * each is told its moment, and its socket is closed then (1012). Resolves when none is left, or the rest was cut off.
 */
export async function drain(hub: Pick<Hub, 'all' | 'size'>, drainMs: number): Promise<void> {
  const { close: code = 1012 } = errorEntry('DRAINING')
  const leaving: { connection: Connection; afterMs: number }[] = []
  for (const connection of hub.all()) {
    const afterMs = Math.floor(Math.random() * drainMs)
    connection.send({ t: 'reconnect', afterMs })
    leaving.push({ connection, afterMs })
  }
  leaving.sort((a, b) => a.afterMs - b.afterMs)

  const startMs = performance.now()
  let next = 0
  while (hub.size > 0 && performance.now() - startMs < drainMs + graceMs) {
    await sleep(stepMs)
    for (; next < leaving.length; next += 1) {
      const { connection, afterMs } = leaving[next]!
      if (afterMs > performance.now() - startMs) break
      connection.closeQuietly(code, 'DRAINING')
    }
  }
  for (const connection of hub.all()) connection.socket.terminate()
}
