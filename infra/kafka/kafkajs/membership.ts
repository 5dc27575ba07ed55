import type { Consumer, IMemberAssignment } from 'kafkajs'
import { toAppError, type AppError } from '../../errors/index.ts'
import { backoff, sleep } from '../../lifecycle/index.ts'
import type { Logger } from '../../logger/index.ts'
import { keyOf, listOf, type Assignment } from '../assignment.ts'
import type { ConsumerRun } from '../bus.ts'
import type { KafkajsAdmin } from './admin.ts'
import { toBusError } from './errors.ts'
import { findStarts } from './starts.ts'

export interface Membership {
  /** Joined, positions known, and a fetch came back after that. Rejects when it crashed before. */
  readonly started: Promise<void>
  readonly lastFetchAt: number | undefined
  readonly lastHeartbeatAt: number | undefined
  /** The last fetch, or when the joining began or ended. */
  readonly lastSign: number
  /** Resolves when the current generation's positions are known. */
  readonly positionsKnown: Promise<void>
  /** The connection that was handing over is gone. */
  onLost(listener: () => void): void
  /** The first time tells the owner; nothing is handed over any more. */
  crash(error: AppError): void
}

export interface MembershipDeps {
  readonly run: ConsumerRun
  readonly consumer: Consumer
  readonly assignment: Assignment
  readonly admin: KafkajsAdmin
  readonly log: Logger
  readonly signal: AbortSignal
  onJoin(): void
}

/** Turns kafkajs's events, which it emits synchronously, into generations. */
export function watchMembership(deps: MembershipDeps): Membership {
  const { run, consumer, assignment, log, signal } = deps
  const started = Promise.withResolvers<void>()
  started.promise.catch(() => {})
  const remembered = new Map<string, number>()
  let known = Promise.withResolvers<void>()
  let isKnown = false
  let hasStarted = false
  let isRestarted = false
  let hasCrashed = false
  let lastSign = Date.now()
  let lastFetchAt: number | undefined
  let lastHeartbeatAt: number | undefined
  let lost = () => {}
  /** What the group gave last, while kafkajs may still hold it. */
  let latest: IMemberAssignment | undefined

  consumer.on('consumer.group_join', ({ payload }) => join(payload.memberAssignment))
  consumer.on('consumer.rebalancing', leave)
  // Emitted the moment kafkajs drops the group, before a crash is reported.
  consumer.on('consumer.stop', () => {
    latest = undefined
    leave()
    lost()
  })
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) return crash(toBusError(payload.error, 'The consumer cannot go on.'))
    isRestarted = hasStarted
    log.warn({ groupId: run.groupId, reason: payload.error.message }, 'consumer starts anew')
  })
  consumer.on('consumer.heartbeat', () => {
    lastHeartbeatAt = Date.now()
    // A join that meets a loading coordinator is given up, without a word, for the membership that was there before: the
    // coordinator has loaded it, too.
    if (!assignment.isJoined && latest !== undefined) join(latest)
  })
  consumer.on('consumer.fetch', () => {
    lastFetchAt = Date.now()
    // kafkajs also fetches what it holds no membership for.
    if (assignment.isJoined) lastSign = lastFetchAt
    if (!isKnown || hasStarted) return
    hasStarted = true
    started.resolve()
  })

  function join(memberAssignment: IMemberAssignment): void {
    if (signal.aborted) return
    // Stale metadata makes kafkajs join again without a word of rebalancing.
    leave()
    lastSign = Date.now()
    latest = memberAssignment
    const assigned = Object.entries(memberAssignment).map(([topic, partitions]) => ({ topic, partitions }))
    assignment.join(assigned)
    consumer.resume(run.topics.map((topic) => ({ topic })))
    known = Promise.withResolvers<void>()
    isKnown = false
    deps.onJoin()
    tell(() => run.onAssigned(assigned, assignment.generation))
    void start(assignment.generation)
    if (!isRestarted) return
    isRestarted = false
    tell(() => run.onRejoined?.())
  }

  function leave(): void {
    if (!assignment.isJoined) return
    lastSign = Date.now()
    const held = assignment.held()
    for (const { topic, partition, position } of held) {
      if (position !== undefined) remembered.set(keyOf(topic, partition), position)
    }
    tell(() => run.onRevoked?.(listOf(held), assignment.generation))
    assignment.leave()
  }

  async function start(generation: number): Promise<void> {
    for (const delayMs of backoff({ minMs: 100, maxMs: 2000 })) {
      try {
        const starts = await findStarts(assignment.held(), run, remembered, deps.admin)
        if (signal.aborted || assignment.generation !== generation || !assignment.isJoined) return
        for (const { topic, partition, offset, highWatermark, needsSeek } of starts) {
          const held = assignment.find(topic, partition)
          if (held === undefined) continue
          held.highWatermark = highWatermark
          // The owner's own seek, in onAssigned or since, comes first.
          if (held.position !== undefined) continue
          held.position = offset
          if (needsSeek) consumer.seek({ topic, partition, offset: String(offset) })
        }
        isKnown = true
        return known.resolve()
      } catch (error) {
        log.warn({ groupId: run.groupId, err: error }, 'positions are not known yet')
      }
      await sleep(delayMs, signal).catch(() => {})
      if (signal.aborted || assignment.generation !== generation || !assignment.isJoined) return
    }
  }

  function tell(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      crash(toAppError(error))
    }
  }

  function crash(error: AppError): void {
    if (hasCrashed || signal.aborted) return
    hasCrashed = true
    if (hasStarted) run.onCrash(error)
    else started.reject(error)
  }

  return {
    started: started.promise,
    get positionsKnown() {
      return known.promise
    },
    get lastFetchAt() {
      return lastFetchAt
    },
    get lastHeartbeatAt() {
      return lastHeartbeatAt
    },
    get lastSign() {
      return lastSign
    },
    onLost(listener) {
      lost = listener
    },
    crash,
  }
}
