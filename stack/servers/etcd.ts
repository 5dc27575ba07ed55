import { join } from 'node:path'
import { findProgram } from '../find.ts'
import { serverPort } from '../profile.ts'
import type { ServerContext, ServerDefinition } from '../server.ts'

/** One member; Debian's is 3.4. */
export const etcd: ServerDefinition = {
  name: 'etcd',
  title: 'etcd',
  variable: 'GOCHAT_ETCD_ENDPOINTS',
  debianPackages: ['etcd-server', 'etcd-client'],
  address: ({ profile }) => `http://127.0.0.1:${serverPort(profile, 'etcd')}`,
  ports: (profile) => ({ client: serverPort(profile, 'etcd'), peer: serverPort(profile, 'etcdPeer') }),

  async find() {
    const server = await findProgram('etcd')
    return server ? { server } : undefined
  },

  async prepare({ profile, dir }: ServerContext, found) {
    const client = `http://127.0.0.1:${serverPort(profile, 'etcd')}`
    const peer = `http://127.0.0.1:${serverPort(profile, 'etcdPeer')}`
    const flags = {
      name: 'gochat',
      'data-dir': join(dir, 'data'),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `gochat=${peer}`,
      'auto-compaction-mode': 'periodic',
      'auto-compaction-retention': '1h',
      logger: 'zap',
      'log-level': 'warn',
    }
    return {
      command: found['server']!,
      args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
      ...(process.arch === 'x64' ? {} : { env: { ETCD_UNSUPPORTED_ARCH: process.arch } }),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
    }
  },

  /** /health makes a linearizable read, so one endpoint's answer speaks for the cluster. */
  async probe(address, timeoutMs) {
    const response = await fetch(`${address.split(',')[0]}/health`, { signal: AbortSignal.timeout(timeoutMs) })
    const body = (await response.json()) as { health?: string }
    if (body.health !== 'true') throw new Error(`etcd at ${address} is not healthy`)
  },
}
