import { join } from 'node:path'
import type { PeerName } from '../scenarios.ts'
import type { System } from '../systems/system.ts'
import { startBare } from './bare.ts'
import { startEjabberd } from './ejabberd.ts'
import type { PeerContext } from './peer.ts'
import { startSocketIo } from './socket-io.ts'

/** Peers that carry messages; raw-inserts is no server. */
type ServerPeer = Exclude<PeerName, 'raw-inserts'>

const starts: Readonly<Record<ServerPeer, (context: PeerContext) => Promise<System>>> = {
  ejabberd: startEjabberd,
  'socket.io': startSocketIo,
  bare: startBare,
}

/** Starts those that can be started; of the others, says why not. */
export async function startPeers(
  names: readonly PeerName[],
  context: PeerContext,
): Promise<{ readonly systems: readonly System[]; readonly absent: ReadonlyMap<string, string> }> {
  const systems: System[] = []
  const absent = new Map<string, string>()
  for (const name of names) {
    if (name === 'raw-inserts') continue
    const report = (line: string) => context.report(`${name}: ${line}`)
    try {
      systems.push(await starts[name]({ ...context, report }))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const reason = `${message.split('\n')[0]} (its log: ${join(context.profile.logDir, `${name}.log`)})`
      report(`does not run: ${reason}`)
      absent.set(name, reason)
    }
  }
  return { systems, absent }
}
