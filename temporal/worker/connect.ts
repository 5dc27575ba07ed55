import { NativeConnection } from '@temporalio/worker'
import { backoff, sleep } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import { provisionTemporal } from '../provision.ts'

/**
 * Connects, and ensures what workflows need there: namespace, search attributes, schedule. While Temporal is away it tries again.
 * @throws AbortError when the signal aborts first.
 */
export async function connectTemporal(address: string, log: Logger, signal: AbortSignal): Promise<NativeConnection> {
  const delays = backoff({ minMs: 200, maxMs: 5_000 })
  for (;;) {
    signal.throwIfAborted()
    try {
      await provisionTemporal(process.env)
      return await NativeConnection.connect({ address })
    } catch (error) {
      log.warn({ err: error }, 'Temporal is not there yet; trying again')
    }
    await sleep(delays.next().value, signal)
  }
}
