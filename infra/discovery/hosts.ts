import type { Logger } from '#infra/logger/index.ts'

import type { Etcd, PrefixView } from './etcd.ts'
import { decodeHost, servicePrefix } from './registration-record.ts'

export interface Host {
  readonly instance: string
  /** host:port */
  readonly address: string
  /** Still answers, but is going away: give it nothing new. */
  readonly draining: boolean
}

export interface HostList extends AsyncDisposable {
  /** The last known hosts, by instance. May be empty. */
  current(): readonly Host[]
  /** Called after each change. Returns how to stop that. */
  onChange(listener: () => void): () => void
}

/** The hosts of a service as registered in etcd. Throws UNAVAILABLE when etcd does not answer at the beginning; never later. */
export async function watchHosts(etcd: Etcd, service: string, log: Logger): Promise<HostList> {
  const view = await etcd.watchPrefix(servicePrefix(service))
  let hosts = readHosts(view, log)
  const listeners = new Set<() => void>()
  view.onChange(() => {
    hosts = readHosts(view, log)
    for (const listener of listeners) listener()
  })
  return {
    current: () => hosts,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    [Symbol.asyncDispose]: () => view[Symbol.asyncDispose](),
  }
}

/** Addresses that never change; each is its own instance name. */
export function staticHosts(addresses: readonly string[]): HostList {
  const hosts = addresses.map((address) => ({ instance: address, address, draining: false }))
  return {
    current: () => hosts,
    onChange: () => () => undefined,
    async [Symbol.asyncDispose]() {
      // Nothing is held.
    },
  }
}

function readHosts(view: PrefixView, log: Logger): readonly Host[] {
  const hosts: Host[] = []
  for (const entry of view.entries.values()) {
    const host = decodeHost(entry)
    if (host === undefined) log.warn({ key: entry.key }, 'a registration cannot be read; leaving it out')
    else hosts.push(host)
  }
  return hosts.sort((a, b) => (a.instance < b.instance ? -1 : 1))
}
