import type { Route } from './route.ts'
import type { Place } from './routes.ts'
import type { SlotView } from './slot-view.ts'

/** One gateway's share of a delivery: sockets, or users where routes are unknown. */
export interface Address extends Place {
  readonly connections: readonly number[]
  readonly userIds: readonly string[]
}

export interface Addressing {
  addressesOf(userIds: readonly string[], except: Route | undefined): readonly Address[]
}

/**
 * Turns users into gateways and their sockets, for one batch. Results are kept by the identity of the array: fifty messages
 * to one conversation look its members up once. Routes undefined: every live gateway gets the user ids.
 */
export function addressBy(routes: ReadonlyMap<string, readonly Route[]> | undefined, slots: SlotView): Addressing {
  const known = new Map<readonly string[], readonly Address[]>()

  function find(userIds: readonly string[]): readonly Address[] {
    if (userIds.length === 0) return []
    if (routes === undefined) return slots.live().map((place) => ({ ...place, connections: [], userIds }))
    return group(userIds, routes, slots)
  }

  return {
    addressesOf(userIds, except) {
      let addresses = known.get(userIds)
      if (addresses === undefined) {
        addresses = find(userIds)
        known.set(userIds, addresses)
      }
      return except === undefined ? addresses : without(addresses, except)
    },
  }
}

function group(userIds: readonly string[], routes: ReadonlyMap<string, readonly Route[]>, slots: SlotView): Address[] {
  const found: { slot: number; epoch: number; connections: number[]; userIds: readonly string[] }[] = []
  for (const userId of userIds) {
    for (const { slot, epoch, connection } of routes.get(userId) ?? []) {
      if (epoch < (slots.epochOf(slot) ?? 0)) continue
      // Gateways are few: a scan is cheaper than a key made of two numbers.
      const address = found.find((candidate) => candidate.slot === slot && candidate.epoch === epoch)
      if (address === undefined) found.push({ slot, epoch, connections: [connection], userIds: [] })
      else address.connections.push(connection)
    }
  }
  return found
}

/** By user id the socket cannot be left out: the gateway does not know that it sent. A repeated push is harmless. */
function without(addresses: readonly Address[], except: Route): Address[] {
  return addresses.flatMap((address) => {
    if (address.slot !== except.slot || address.epoch !== except.epoch || address.userIds.length > 0) return [address]
    const connections = address.connections.filter((connection) => connection !== except.connection)
    return connections.length === 0 ? [] : [{ ...address, connections }]
  })
}
