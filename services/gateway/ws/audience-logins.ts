import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { MemberPlace } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import type { LogicClients } from '../ports.ts'

/** Finds the large conversations of who logs in. */
export interface AudienceLogins {
  /** Resolves when they are found, or cannot be now: then tick() finds them, and the user is told to sync. */
  enter(userId: string): Promise<void>
  /** The user's last socket has gone: what is found for it from now on is dropped. */
  leave(userId: string): void
  /** Once a second: asks for those that could not be found. */
  tick(): void
}

export interface AudienceLoginsOptions {
  readonly service: Pick<LogicClients['audience'], 'findLargePlaces'>
  readonly onFound: (place: MemberPlace) => void
  /** They have been here without their large conversations. */
  readonly onLate: (userIds: readonly string[]) => void
  readonly log: Logger
}

/** From a user's first socket to its last. An answer counts for the stay that it was asked for. */
interface Stay {
  readonly entered: PromiseWithResolvers<void>
  isLate: boolean
}

const maxUsersPerQuestion = 500
/** Below the time that a client has to log in. */
const timeoutMs = 1500

export function createAudienceLogins({ service, onFound, onLate, log }: AudienceLoginsOptions): AudienceLogins {
  const shouldLog = createLogThrottle(10_000)
  const stays = new Map<string, Stay>()
  const waiting = new Map<string, Stay>()
  const late = new Map<string, Stay>()
  let isAsking = false

  /** One question at a time takes all that wait: a storm of logins becomes a few. */
  async function askWaiting(): Promise<void> {
    if (isAsking) return
    isAsking = true
    while (waiting.size > 0) {
      const batch = new Map(waiting.entries().take(maxUsersPerQuestion))
      for (const userId of batch.keys()) waiting.delete(userId)
      await ask(batch)
    }
    isAsking = false
  }

  async function ask(batch: ReadonlyMap<string, Stay>): Promise<void> {
    const isHere = (userId: string) => stays.get(userId) === batch.get(userId)
    try {
      const request = { userIds: [...batch.keys()] }
      const { places } = await service.findLargePlaces(request, { timeoutMs, retries: 0 })
      for (const place of places) if (isHere(place.userId)) onFound(place)
      const found = [...batch].filter(([userId, { isLate }]) => isLate && isHere(userId))
      if (found.length > 0) onLate(found.map(([userId]) => userId))
      for (const { entered } of batch.values()) entered.resolve()
    } catch (error) {
      const passedOver = shouldLog()
      if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'large conversations of logins are not known')
      letIn(batch)
      letIn(waiting)
      waiting.clear()
    }
  }

  /** Nobody is refused, or kept waiting, for it. */
  function letIn(users: ReadonlyMap<string, Stay>): void {
    for (const [userId, stay] of users) {
      stay.isLate = true
      if (stays.get(userId) === stay) late.set(userId, stay)
      stay.entered.resolve()
    }
  }

  return {
    enter(userId) {
      let stay = stays.get(userId)
      if (stay === undefined) {
        stay = { entered: Promise.withResolvers(), isLate: false }
        stays.set(userId, stay)
        waiting.set(userId, stay)
        void askWaiting()
      }
      return stay.entered.promise
    },
    leave(userId) {
      stays.get(userId)?.entered.resolve()
      for (const map of [stays, waiting, late]) map.delete(userId)
    },
    tick() {
      for (const [userId, stay] of late) waiting.set(userId, stay)
      late.clear()
      void askWaiting()
    },
  }
}
