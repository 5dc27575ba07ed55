import { experimental, Metadata, status, type ChannelOptions } from '@grpc/grpc-js'

import type { HostList } from '#infra/discovery/index.ts'

/**
 * grpc-js learns addresses from a HostList: a change goes to the load balancer, which keeps the connections that stay.
 * Custom resolvers exist only in its `experimental` namespace: this file is all that touches it.
 */
export function hostListChannelOptions(hosts: HostList): ChannelOptions {
  // Naming the same class again changes nothing.
  experimental.registerResolver(scheme, HostListResolver)
  return { [optionName]: hosts }
}

export function targetOf(service: string): string {
  return `${scheme}:///${service}`
}

const scheme = 'gochat'
/** Options reach the resolver as they are, so the list travels in them; equal lists also share their connections. */
const optionName = 'gochat.hosts'

class HostListResolver implements experimental.Resolver {
  readonly #hosts: HostList
  readonly #listener: experimental.ResolverListener
  #stopListening: (() => void) | undefined

  constructor(_target: experimental.GrpcUri, listener: experimental.ResolverListener, options: ChannelOptions) {
    this.#hosts = options[optionName] as HostList
    this.#listener = listener
  }

  static getDefaultAuthority(target: experimental.GrpcUri): string {
    return target.path
  }

  updateResolution(): void {
    // Asked again after each failed connection: changes are pushed, so there is nothing newer to say.
    if (this.#stopListening !== undefined) return
    this.#stopListening = this.#hosts.onChange(() => this.#report())
    // Never inside of this call: so the interface demands.
    process.nextTick(() => this.#report())
  }

  destroy(): void {
    this.#stopListening?.()
    this.#stopListening = undefined
  }

  #report(): void {
    if (this.#stopListening === undefined) return
    const hosts = this.#hosts.current()
    const open = hosts.filter((host) => !host.draining)
    // When all are going away, who is still there beats nobody.
    const endpoints = (open.length > 0 ? open : hosts).flatMap(({ address }) => {
      const parsed = experimental.splitHostPort(address)
      return parsed?.port === undefined ? [] : [{ addresses: [{ host: parsed.host, port: parsed.port }] }]
    })
    const result =
      endpoints.length > 0
        ? experimental.statusOrFromValue(endpoints)
        : // grpc-js stays with the hosts it has, if any: an empty list may also be a wiped registry.
          experimental.statusOrFromError<experimental.Endpoint[]>({
            code: status.UNAVAILABLE,
            details: 'no host is known',
            metadata: new Metadata(),
          })
    this.#listener(result, {}, null, '')
  }
}
