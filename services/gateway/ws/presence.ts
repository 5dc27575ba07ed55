import type { Place, RouteWriter } from '#delivery/routes.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { Hub } from './hub.ts'

/** Keeps Redis telling where the users of this gateway are. */
export interface Presence {
  /** Writes a user's sockets as they are now. Resolves when that is done, or has failed: then tick() repeats it. */
  update(userId: string): Promise<void>
  /** Writes all again: before they expire, and when slot or epoch are new. True: all are written. */
  refresh(): Promise<boolean>
  /** Once a second: writes what could not be written, and looks whether Redis still is the one that got the routes. */
  tick(): Promise<void>
}

export interface PresenceOptions {
  readonly routes: RouteWriter
  readonly hub: Pick<Hub, 'ofUser' | 'userIds'>
  readonly place: () => Place
  /** Users whose routes were missing for a while: what was sent to them then did not come here. */
  readonly onMissing: (userIds: readonly string[]) => void
  /** Redis lost all routes; they are written again. */
  readonly onRedisLost: () => void
  readonly log: Logger
}

const maxUsersPerWrite = 200

export function createPresence(options: PresenceOptions): Presence {
  const { routes, hub, place, onMissing, onRedisLost, log } = options
  const shouldLog = createLogThrottle(10_000)
  const changed = new Map<string, PromiseWithResolvers<void>>()
  const unwritten = new Set<string>()
  let isWriting = false
  let sentinel: string | undefined

  /** Undefined: not written. The sockets are looked up now, so that of two writes the later holds the newer truth. */
  async function write(userIds: readonly string[]): Promise<string[] | undefined> {
    const users = new Map(userIds.map((userId) => [userId, hub.ofUser(userId).map(({ number }) => number)]))
    try {
      return await routes.put(place(), users)
    } catch (error) {
      for (const userId of userIds) unwritten.add(userId)
      const passedOver = shouldLog()
      if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'routes cannot be written')
      return undefined
    }
  }

  /** One write at a time takes all that wait: a storm of comings and goings becomes a few calls. */
  async function writeChanged(): Promise<void> {
    if (isWriting) return
    isWriting = true
    while (changed.size > 0) {
      const batch = [...changed.entries().take(maxUsersPerWrite)]
      for (const [userId] of batch) changed.delete(userId)
      await write(batch.map(([userId]) => userId))
      for (const [, { resolve }] of batch) resolve()
    }
    isWriting = false
  }

  async function refresh(): Promise<boolean> {
    const userIds = [...hub.userIds()]
    const missing: string[] = []
    for (let start = 0; start < userIds.length; start += maxUsersPerWrite) {
      const found = await write(userIds.slice(start, start + maxUsersPerWrite))
      if (found === undefined) return false
      missing.push(...found)
    }
    if (missing.length > 0) onMissing(missing)
    return true
  }

  async function writeUnwritten(): Promise<void> {
    const userIds = [...unwritten].slice(0, maxUsersPerWrite)
    if (userIds.length === 0) return
    if ((await write(userIds)) === undefined) return
    for (const userId of userIds) unwritten.delete(userId)
    onMissing(userIds)
    await writeUnwritten()
  }

  async function checkSentinel(): Promise<void> {
    const found = await routes.sentinel().catch(() => undefined)
    if (found === undefined || found === sentinel) return
    const isFirst = sentinel === undefined
    if (!isFirst && !(await refresh())) return
    sentinel = found
    if (isFirst) return
    log.warn('Redis lost the routes: they are written again')
    onRedisLost()
  }

  return {
    update(userId) {
      const waiter = changed.get(userId) ?? Promise.withResolvers<void>()
      changed.set(userId, waiter)
      void writeChanged()
      return waiter.promise
    },
    refresh,
    async tick() {
      await writeUnwritten()
      await checkSentinel()
    },
  }
}
