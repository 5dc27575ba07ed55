import { join } from 'node:path'
import { waitUntil } from '#stack/wait.ts'
import type { Processes } from '../driver/processes.ts'
import { peerPortOffset, type PeerContext } from './peer.ts'

const startTimeoutMs = 20_000

/** Runs a script of this folder as a peer of one process, with its port as the argument; resolves when `connect` succeeds. */
export async function startNodePeer(
  name: 'bare' | 'socket.io',
  script: string,
  connect: (port: number) => Promise<{ close(): void }>,
  { profile, processes, launch, report }: PeerContext,
): Promise<{ readonly port: number; readonly processes: Processes }> {
  const port = profile.portBase + peerPortOffset[name]
  report('starting')
  const args = [join(import.meta.dirname, script), String(port)]
  const pid = await launch({ name, command: process.execPath, args, env: {}, port })
  await waitUntil(async () => (await connect(port)).close(), { timeoutMs: startTimeoutMs })
  return {
    port,
    processes: new Map([
      [name, [pid]],
      ['driver', processes.get('driver') ?? []],
    ]),
  }
}
