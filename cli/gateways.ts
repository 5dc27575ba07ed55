import { connectSupervisor } from './supervisor/client.ts'
import type { CommandContext } from './context.ts'

/** Where a client of the running system connects. */
export interface GatewayAddress {
  readonly httpUrl: string
  readonly wsUrl: string
}

/** The gateways of the running profile. @throws Error when none runs. */
export async function findGateways({ profile }: CommandContext): Promise<GatewayAddress[]> {
  const status = await (await connectSupervisor(profile))?.status()
  const ports = (status?.processes ?? []).flatMap(({ name, ports }) =>
    name.startsWith('gateway-') ? [ports['http']!] : [],
  )
  if (ports.length === 0) throw new Error(`Profile ${profile.name} has no gateway running. Start it with ./gochat up`)
  return ports.map((port) => ({ httpUrl: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}/ws` }))
}
