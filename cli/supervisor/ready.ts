import type { ReadyCheck } from './spec.ts'

/** Resolves when what the check describes answers, else throws. */
export async function checkReady(check: ReadyCheck, timeoutMs: number): Promise<void> {
  switch (check.type) {
    case 'none':
      return
    case 'http': {
      const response = await fetch(check.url, { signal: AbortSignal.timeout(timeoutMs) })
      await response.body?.cancel()
      if (response.status !== 200) throw new Error(`${check.url} answers ${response.status}`)
      return
    }
    case 'server': {
      // Loaded late: a supervisor of plain processes needs none of the servers' clients.
      const { SERVERS } = await import('#stack/servers.ts')
      await SERVERS.find(({ name }) => name === check.server)?.probe(check.address, timeoutMs)
    }
  }
}
