import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export interface Example {
  readonly from: 'client' | 'server'
  readonly frame: { readonly t: string } & Record<string, unknown>
}

/** The frames that docs/protocol.md shows, in order. */
export function readProtocolPage(): Example[] {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/protocol.md'), 'utf8')
  return [...page.matchAll(/^```json (client|server)\n(.*?)^```$/gms)].map(([, from, json]) => ({
    from: from as Example['from'],
    frame: JSON.parse(json!) as Example['frame'],
  }))
}
