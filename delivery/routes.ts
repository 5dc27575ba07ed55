import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '#infra/errors/index.ts'
import { withTimeout } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import { defineScript, loadScripts, type Redis } from '#infra/redis/index.ts'
import { parseRoutes, routeKey, type Route } from './route.ts'

/** Where users are, in Redis. A hint: a route too many costs a dropped record, one too few a repair by sync. */
export interface RouteWriter {
  /**
   * Sets which sockets of this gateway each user has, with a fresh expiry; none: forgets them.
   * Returns the users of whom one was missing. @throws AppError UNAVAILABLE
   */
  put(place: Place, users: ReadonlyMap<string, readonly number[]>): Promise<string[]>
  /**
   * A token that Redis loses with everything else (restart, FLUSHALL). Another one than last time: the routes are gone.
   * Made anew when there is none.
   */
  sentinel(): Promise<string>
}

export interface RouteReader {
  /** By user; who has no route is not in it. Undefined when Redis gave no answer in `readTimeoutMs`. */
  read(userIds: readonly string[]): Promise<Map<string, Route[]> | undefined>
}

/** A gateway's hold of a slot. */
export interface Place {
  readonly slot: number
  readonly epoch: number
}

export interface RoutesOptions {
  readonly redis: Redis
  readonly log: Logger
  /** Default 60. */
  readonly ttlSeconds?: number
  /** Default 200. */
  readonly readTimeoutMs?: number
}

const sentinelKey = 'gochat:routes:sentinel'
const usersPerScript = 200
const usersPerRead = 500

export function createRoutes(options: RoutesOptions): RouteWriter & RouteReader {
  const { redis, log, ttlSeconds = 60, readTimeoutMs = 200 } = options
  const { putRoutes } = loadScripts(redis, {
    putRoutes: defineScript<number[]>({ lua: readFileSync(join(import.meta.dirname, 'lua/put-n.lua'), 'utf8') }),
  })
  const shouldLog = createLogThrottle(10_000)

  async function putMany(place: Place, users: readonly (readonly [string, readonly number[]])[]): Promise<string[]> {
    const keys = users.map(([userId]) => routeKey(userId))
    const connections = users.map(([, list]) => list.join(','))
    try {
      const missing = await putRoutes(keys, [place.slot, place.epoch, ttlSeconds, ...connections])
      return missing.map((position) => users[position - 1]![0])
    } catch (error) {
      throw new AppError('UNAVAILABLE', { message: 'Routes cannot be written.', cause: error })
    }
  }

  return {
    async put(place, users) {
      const missing: string[] = []
      for (const chunk of chunksOf([...users], usersPerScript)) missing.push(...(await putMany(place, chunk)))
      return missing
    },

    async sentinel() {
      try {
        const fresh = randomUUID()
        return (await redis.set(sentinelKey, fresh, 'NX', 'GET')) ?? fresh
      } catch (error) {
        throw new AppError('UNAVAILABLE', { message: 'The routes sentinel cannot be read.', cause: error })
      }
    },

    async read(userIds) {
      const chunks = chunksOf(userIds, usersPerRead)
      try {
        const answers = await withTimeout(
          Promise.all(chunks.map((chunk) => redis.mget(chunk.map(routeKey)))),
          readTimeoutMs,
        )
        return routesByUser(chunks, answers)
      } catch (error) {
        const passedOver = shouldLog()
        if (passedOver !== undefined)
          log.warn({ err: error, passedOver }, 'routes cannot be read: asking every gateway')
        return undefined
      }
    },
  }
}

function routesByUser(
  chunks: readonly (readonly string[])[],
  answers: readonly (readonly (string | null)[])[],
): Map<string, Route[]> {
  const routes = new Map<string, Route[]>()
  for (const [index, chunk] of chunks.entries()) {
    const values = answers[index] ?? []
    for (const [position, userId] of chunk.entries()) {
      const value = values[position]
      if (value !== null && value !== undefined) routes.set(userId, parseRoutes(value))
    }
  }
  return routes
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size))
  return chunks
}
