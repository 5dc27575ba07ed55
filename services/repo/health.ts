import type { WorkerLease } from '#infra/id/index.ts'
import { every } from '#infra/lifecycle/index.ts'
import type { Readiness } from '#infra/metrics/index.ts'
import type { Mysql } from '#infra/mysql/index.ts'
import type { CacheConnection } from './cache/connection.ts'

export interface Health extends AsyncDisposable {
  readonly isReady: () => Readiness
}

export interface HealthOptions {
  readonly mysql: Pick<Mysql<unknown>, 'ping'>
  readonly redis: CacheConnection
  readonly worker: WorkerLease
  readonly signal: AbortSignal
}

/** Ready while MySQL answers. Without Redis, or while its worker number is leased again, the service is degraded and still right. */
export async function startHealth({ mysql, redis, worker, signal }: HealthOptions): Promise<Health> {
  let doesMysqlAnswer = false
  const check = () =>
    mysql.ping().then(
      () => void (doesMysqlAnswer = true),
      () => void (doesMysqlAnswer = false),
    )
  await check()
  const loop = every(checkEveryMs, check, { onError: () => undefined, unref: true })

  return {
    isReady() {
      const faults = [signal.aborted && 'stopping', !doesMysqlAnswer && 'MySQL does not answer']
      const degraded = [
        redis.current()?.status !== 'ready' && 'no cache: Redis is not connected',
        !worker.isHeld && 'the worker number is being leased again',
      ]
      return {
        isReady: faults.every((fault) => fault === false),
        reasons: [...faults, ...degraded].filter((reason) => reason !== false),
      }
    },
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  }
}

const checkEveryMs = 2_000
