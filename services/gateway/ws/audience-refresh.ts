import { AppError, toAppError } from '#infra/errors/index.ts'
import { backoff, sleep } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { MemberPlace } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import type { LogicClients } from '../ports.ts'
import type { Audience } from './audience.ts'

/** Asks logic for what audiences lack, one question at a time for each. */
export interface AudienceRefresh extends Disposable {
  /** Goes on until the audience waits for nothing. Does nothing while that is under way. */
  start(audience: Audience): void
  /** A user has come while audiences ask for users by name: they ask for this one too. */
  include(userId: string): void
}

export interface AudienceRefreshOptions {
  readonly service: Pick<LogicClients['audience'], 'refreshAudience'>
  /** Everybody here. */
  readonly userIds: () => Iterable<string>
  readonly put: (audience: Audience, place: MemberPlace) => void
  /** It knows more than before. */
  readonly onProgress: (audience: Audience) => void
  readonly onGivenUp: (audience: Audience) => void
  readonly log: Logger
  readonly metrics: Metrics
  /** How long it is tried in vain. Default 10 000. */
  readonly patienceMs?: number
}

const usersPerQuestion = 1000
const timeoutMs = 3000

export function createAudienceRefresh(options: AudienceRefreshOptions): AudienceRefresh {
  const { service, userIds, put, onProgress, onGivenUp, log, metrics, patienceMs = 10_000 } = options
  const refreshes = metrics.counter(
    'gochat_gateway_audience_refreshes_total',
    'Questions about members of large conversations, by how they ended',
    ['result'],
  )
  const running = new Set<Audience>()
  const closing = new AbortController()
  const { signal } = closing

  async function run(audience: Audience): Promise<void> {
    const isDone = () => audience.isForgotten || signal.aborted || !audience.isWaiting
    let delays = backoff({ minMs: 50, maxMs: 2000 })
    let failingSinceMs: number | undefined
    running.add(audience)
    while (!isDone()) {
      try {
        await ask(audience)
        failingSinceMs = undefined
        delays = backoff({ minMs: 50, maxMs: 2000 })
        if (!audience.isForgotten) onProgress(audience)
      } catch (error) {
        if (isDone()) break
        refreshes.inc({ result: 'failed' })
        failingSinceMs ??= performance.now()
        if (!toAppError(error).retryable || performance.now() - failingSinceMs >= patienceMs) {
          log.warn({ err: error, conversationId: audience.conversationId }, 'an audience cannot be learned: given up')
          onGivenUp(audience)
        } else await sleep(delays.next().value, signal).catch(() => undefined)
      }
    }
    // In the same turn as the last look: whoever comes after it starts anew.
    running.delete(audience)
  }

  async function ask(audience: Audience): Promise<void> {
    // Who comes before the first answer is asked for like everybody else.
    if (audience.version === 0) for (const userId of userIds()) audience.toLearn.add(userId)
    if (audience.version === 0 || audience.toLearn.size > 0) await learn(audience)
    else await follow(audience)
  }

  /** By name. Former members are in the answer too, so that an answer from before they left cannot bring them back. */
  async function learn(audience: Audience): Promise<void> {
    const asked = [...audience.toLearn.values().take(usersPerQuestion)]
    const { memberVersion, places } = await question(audience, 0, asked)
    // The first answer is the oldest: for those that follow it stays true.
    if (audience.version === 0) audience.version = memberVersion
    for (const userId of asked) audience.toLearn.delete(userId)
    for (const place of places) put(audience, place)
    refreshes.inc({ result: 'learned' })
  }

  /** Whoever has changed since the version that is known. */
  async function follow(audience: Audience): Promise<void> {
    const { memberVersion, isComplete, places } = await question(audience, audience.version, [])
    if (isComplete) {
      for (const place of places) put(audience, place)
      audience.version = memberVersion
    } else audience.forgetPlaces()
    refreshes.inc({ result: isComplete ? 'followed' : 'incomplete' })
  }

  async function question(audience: Audience, sinceVersion: number, userIds: readonly string[]) {
    const { conversationId } = audience
    const request = { conversationId, sinceVersion, userIds: [...userIds] }
    const answer = await service.refreshAudience(request, { timeoutMs, signal, retries: 0 })
    // A record was sent after its transaction: what it names is there to be read.
    if (answer.memberVersion <= sinceVersion) {
      throw new AppError('UNAVAILABLE', { message: 'The members are older than the entry that names their version.' })
    }
    return answer
  }

  return {
    start(audience) {
      if (!running.has(audience)) void run(audience)
    },
    include(userId) {
      for (const { toLearn, version } of running) if (version === 0 || toLearn.size > 0) toLearn.add(userId)
    },
    [Symbol.dispose]: () => closing.abort(),
  }
}
