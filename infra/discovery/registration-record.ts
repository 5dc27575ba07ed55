import type { EtcdEntry } from './etcd.ts'
import type { Host } from './hosts.ts'

/** Key and value of a registration: `/gochat/services/<service>/<instance>` = `{"address":"host:port","draining":false}`. */
export function servicePrefix(service: string): string {
  return `/gochat/services/${service}/`
}

export function encodeHost(host: Host): string {
  return JSON.stringify({ address: host.address, draining: host.draining })
}

/** Undefined when the value was written by something that we do not understand. */
export function decodeHost({ key, value }: EtcdEntry): Host | undefined {
  try {
    const { address, draining } = JSON.parse(value) as { address?: unknown; draining?: unknown }
    if (typeof address !== 'string' || typeof draining !== 'boolean') return undefined
    return { instance: key.slice(key.lastIndexOf('/') + 1), address, draining }
  } catch {
    return undefined
  }
}
