import type { WorkerLease } from '#infra/id/index.ts'
import type { Readiness } from '#infra/metrics/index.ts'
import type { Mysql } from '#infra/mysql/index.ts'
import type { CacheConnection } from './cache/connection.ts'

/** Ready while MySQL answers: without Redis, or a fresh worker number, the service is degraded and still right. */
export function createHealth(deps: {
  readonly mysql: Pick<Mysql<unknown>, 'ping'>
  readonly redis: CacheConnection
  readonly worker: WorkerLease
  readonly isStopping: () => boolean
}) {
  let fault: string | undefined = 'MySQL has not been asked yet'

  return {
    async check(): Promise<void> {
      await deps.mysql.ping()
      fault = undefined
    },
    onError(): void {
      fault = 'MySQL does not answer'
    },
    isReady(): Readiness {
      const faults = [deps.isStopping() ? 'stopping' : undefined, fault].filter((text) => text !== undefined)
      const degraded = [
        deps.redis.current()?.status === 'ready' ? undefined : 'no cache: Redis is not connected',
        deps.worker.isHeld ? undefined : 'the worker number is being leased again',
      ].filter((text) => text !== undefined)
      return { isReady: faults.length === 0, reasons: [...faults, ...degraded] }
    },
  }
}
