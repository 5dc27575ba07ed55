import { AppError, type ErrorCode } from '#infra/errors/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { accessTokenFormat } from '#proto/access-token.ts'
import type { LogicClients, Sessions } from './ports.ts'

/** Which sessions have ended, as far as this gateway has been told or has asked. */
export interface SessionBook extends Sessions {
  /** These have ended: nobody gets in with them any more. */
  end(sessionIds: readonly string[], isSuspension: boolean): void
  /** Asks about these now, whatever was known. Returns those that have ended; none when nobody can say. */
  check(sessionIds: readonly string[]): Promise<readonly string[]>
  /** Why it has ended, if it has. */
  refusalOf(sessionId: string): AppError | undefined
}

export interface SessionOptions {
  readonly service: Pick<LogicClients['session'], 'checkSessions'>
  readonly log: Logger
  readonly metrics: Metrics
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** What a look in the book is good for, should the news of an end be lost. */
export const trustedForMs = 30_000
/** Logic takes so many at a time: a storm of seventeen thousand logins is 34 calls. */
const maxPerCall = 500
const callTimeoutMs = 2000
/** After a failure nobody is made to wait for the next one. */
const pauseMs = 1000
/** Sessions that are remembered each way; beyond it the oldest are forgotten, and asked about again. */
const maxRemembered = 100_000
/** When the last access token of a session that ends now is refused for its age alone. */
const refusedForMs = accessTokenFormat.lifetimeSeconds * 1000 + 60_000

type Ended = Extract<ErrorCode, 'SESSION_REVOKED' | 'ACCOUNT_SUSPENDED'>

export function createSessions({ service, log, metrics, now = Date.now }: SessionOptions): SessionBook {
  const calls = metrics.counter('gochat_gateway_session_checks_total', 'Questions to logic about sessions', ['result'])
  const shouldLog = createLogThrottle(10_000)
  const ended = createMemory<Ended>(refusedForMs, now)
  const live = createMemory<true>(trustedForMs, now)
  /** Those who wait share one question. */
  const waiting = new Map<string, PromiseWithResolvers<void>>()
  let isAsking = false
  let pausedUntilMs = 0

  function end(sessionIds: readonly string[], isSuspension: boolean): void {
    for (const id of sessionIds) ended.set(id, isSuspension ? 'ACCOUNT_SUSPENDED' : 'SESSION_REVOKED')
  }

  async function check(sessionIds: readonly string[]): Promise<readonly string[]> {
    const found: string[] = []
    for (let start = 0; start < sessionIds.length; start += maxPerCall) {
      found.push(...(await ask(sessionIds.slice(start, start + maxPerCall))))
    }
    return found
  }

  async function ask(sessionIds: string[]): Promise<readonly string[]> {
    if (now() < pausedUntilMs) return []
    try {
      const answer = await service.checkSessions({ sessionIds }, { timeoutMs: callTimeoutMs })
      calls.inc({ result: 'answered' })
      for (const { id, isSuspension } of answer.ended) end([id], isSuspension)
      for (const id of sessionIds) if (!ended.has(id)) live.set(id, true)
      return answer.ended.map(({ id }) => id)
    } catch (error) {
      calls.inc({ result: 'failed' })
      pausedUntilMs = now() + pauseMs
      const passedOver = shouldLog()
      if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'sessions cannot be checked')
      return []
    }
  }

  /** One question at a time takes all that wait. */
  async function askForAll(): Promise<void> {
    if (isAsking) return
    isAsking = true
    // Those who come in the same turn of the event loop are asked about together.
    await Promise.resolve()
    while (waiting.size > 0) {
      const batch = [...waiting.entries().take(maxPerCall)]
      for (const [id] of batch) waiting.delete(id)
      await ask(batch.map(([id]) => id))
      for (const [, { resolve }] of batch) resolve()
    }
    isAsking = false
  }

  function refusalOf(sessionId: string): AppError | undefined {
    const code = ended.get(sessionId)
    return code === undefined ? undefined : new AppError(code)
  }

  function throwIfEnded(sessionId: string): void {
    const refusal = refusalOf(sessionId)
    if (refusal !== undefined) throw refusal
  }

  return {
    end,
    check,
    refusalOf,
    async require({ sessionId }) {
      throwIfEnded(sessionId)
      if (live.has(sessionId) || now() < pausedUntilMs) return
      const waiter = waiting.get(sessionId) ?? Promise.withResolvers<void>()
      waiting.set(sessionId, waiter)
      void askForAll()
      await waiter.promise
      // Also what was told meanwhile: the answer may be older.
      throwIfEnded(sessionId)
    },
  }
}

/** Remembers each for the same time, so the order in which they came is the order in which they go. */
function createMemory<T>(keptMs: number, now: () => number) {
  const entries = new Map<string, { readonly value: T; readonly untilMs: number }>()

  function get(key: string): T | undefined {
    const entry = entries.get(key)
    return entry !== undefined && entry.untilMs > now() ? entry.value : undefined
  }

  return {
    get,
    has: (key: string) => get(key) !== undefined,
    set(key: string, value: T): void {
      entries.delete(key)
      entries.set(key, { value, untilMs: now() + keptMs })
      for (const [oldest, { untilMs }] of entries) {
        if (untilMs > now() && entries.size <= maxRemembered) break
        entries.delete(oldest)
      }
    },
  }
}
