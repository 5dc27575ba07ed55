import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findProgram } from '../find.ts'
import { serverPort } from '../profile.ts'
import type { ServerContext, ServerDefinition } from '../server.ts'

/** Keeps nothing on disk: what Redis holds is a hint that our processes can make anew. */
export const redis: ServerDefinition = {
  name: 'redis',
  title: 'Redis',
  variable: 'GOCHAT_REDIS_URL',
  debianPackages: ['redis-server', 'redis-tools'],
  address: ({ profile }) => `redis://127.0.0.1:${serverPort(profile, 'redis')}`,
  ports: (profile) => ({ redis: serverPort(profile, 'redis') }),

  async find() {
    const server = await findProgram('redis-server')
    return server ? { server } : undefined
  },

  async prepare({ profile, dir }: ServerContext, found) {
    const file = join(dir, 'redis.conf')
    const settings = [
      'bind 127.0.0.1',
      `port ${serverPort(profile, 'redis')}`,
      `dir "${dir}"`,
      'daemonize no',
      'save ""',
      'appendonly no',
      'maxmemory-policy noeviction',
    ]
    await writeFile(file, settings.join('\n') + '\n')
    return { command: found['server']!, args: [file], stopSignal: 'SIGTERM', stopTimeoutMs: 10_000 }
  },

  async probe(address, timeoutMs) {
    const client = new Redis(address, {
      lazyConnect: true,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      retryStrategy: () => null,
    })
    client.on('error', () => {}) // told by the rejected promise below
    try {
      await client.connect()
      await client.ping()
    } finally {
      client.disconnect()
    }
  },
}
