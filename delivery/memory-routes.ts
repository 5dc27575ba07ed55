import { randomUUID } from 'node:crypto'
import { AppError } from '#infra/errors/index.ts'
import type { Route } from './route.ts'
import type { RouteReader, RouteWriter } from './routes.ts'

export interface MemoryRoutes extends RouteReader, RouteWriter {
  /** As FLUSHALL does. */
  clear(): void
  /** While false, writes throw and reads know nothing. */
  setReachable(isReachable: boolean): void
  /** Whether anybody has looked at the sentinel. */
  readonly isWatched: boolean
}

/** Routes without Redis, for tests. Nothing expires. Passes the same contract test as the real ones. */
export function memoryRoutes(): MemoryRoutes {
  let routes = new Map<string, Route[]>()
  let sentinel = randomUUID()
  let isReachable = true
  let isWatched = false

  async function call<T>(work: () => T): Promise<T> {
    await new Promise(setImmediate)
    if (!isReachable) throw new AppError('UNAVAILABLE', { message: 'Redis is not reachable.' })
    return work()
  }

  return {
    put: ({ slot, epoch }, users) =>
      call(() => {
        const missing: string[] = []
        for (const [userId, connections] of users) {
          const all = routes.get(userId) ?? []
          const has = (connection: number) =>
            all.some((r) => r.connection === connection && r.slot === slot && r.epoch === epoch)
          if (!connections.every(has)) missing.push(userId)
          const mine = connections.map((connection) => ({ slot, epoch, connection }))
          routes.set(userId, [...all.filter((route) => route.slot !== slot), ...mine])
        }
        return missing
      }),
    sentinel: () =>
      call(() => {
        isWatched = true
        return sentinel
      }),
    get isWatched() {
      return isWatched
    },
    async read(userIds) {
      if (!isReachable) return undefined
      const found = userIds.map((userId) => [userId, routes.get(userId) ?? []] as const)
      return new Map(found.filter(([, list]) => list.length > 0).map(([userId, list]) => [userId, [...list]]))
    },
    clear() {
      routes = new Map()
      sentinel = randomUUID()
    },
    setReachable(next) {
      isReachable = next
    },
  }
}
