import { toAppError } from '#infra/errors/index.ts'
import type { BusConsumer, Watermarks } from '#infra/kafka/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import { claimPartitions } from './claim.ts'
import { createOwnership, type Ownership } from './ownership.ts'
import type { Queue } from './queue.ts'
import type { RepoPort } from './repo-port.ts'
import type { States } from './state.ts'

/** Kafka's word on who reads what, turned into who writes what; and what is told to the consumer because of it. */
export interface Assignment extends Disposable {
  readonly generation: number
  readonly ownership: Ownership
  /** A new assignment, or a partition to be claimed again: before the next batch. */
  readonly isClaimDue: boolean
  /** The first assignment is claimed. */
  readonly isReady: boolean
  assign(partitions: readonly number[], generation: number): void
  /** Between two batches, with nothing in flight. */
  claim(): Promise<void>
  /** The database says that another process has claimed it. */
  lose(partition: number): void
  /** Reads on from there, not from what was handed over. */
  seek(partition: number, offset: number): void
  /** Pauses the consumer while the queue is full. */
  throttle(): void
}

export interface AssignmentDeps {
  readonly topic: string
  readonly consumer: Pick<BusConsumer, 'pause' | 'resume' | 'seek' | 'health'>
  readonly repo: Pick<RepoPort, 'claim'>
  watermarks(): Promise<readonly Watermarks[]>
  readonly queue: Queue
  readonly states: States
  readonly log: Logger
  readonly signal: AbortSignal
  readonly minBackoffMs: number
  readonly reclaimAfterMs: number
  /** There is something to claim. */
  onClaimDue(): void
}

export function createAssignment(deps: AssignmentDeps): Assignment {
  const { topic, consumer, queue, states, log, signal, minBackoffMs, reclaimAfterMs } = deps
  const ownership = createOwnership()
  let generation = 0
  let claimedGeneration = 0
  let isClaimDue = false
  let isPaused = false
  let reclaimTimer: NodeJS.Timeout | undefined

  function seek(partition: number, offset: number): void {
    try {
      consumer.seek(topic, partition, offset)
    } catch (error) {
      // The next assignment is under way; it starts from the commit.
      log.debug({ err: toAppError(error), partition, offset }, 'cannot seek: not assigned any more')
    }
  }

  /** Kafka still gives it to us, after a heartbeat: then its claimant is a process that has not noticed its own end. */
  function reclaimLater(lostAtMs: number): void {
    clearTimeout(reclaimTimer)
    reclaimTimer = setTimeout(() => {
      const { isJoined, lastHeartbeatAt = 0 } = consumer.health()
      if (!isJoined || lastHeartbeatAt < lostAtMs) return reclaimLater(lostAtMs)
      isClaimDue = true
      deps.onClaimDue()
    }, reclaimAfterMs)
    reclaimTimer.unref()
  }

  return {
    ownership,
    get generation() {
      return generation
    },
    get isClaimDue() {
      return isClaimDue
    },
    get isReady() {
      return claimedGeneration > 0
    },
    assign(partitions, next) {
      clearTimeout(reclaimTimer)
      generation = next
      queue.clear()
      ownership.assign(partitions)
      isPaused = false
      isClaimDue = true
    },
    async claim() {
      isClaimDue = false
      const under = generation
      const isNew = under !== claimedGeneration
      if (isNew) states.clear()
      const isCurrent = () => under === generation
      const claims = await claimPartitions(ownership.lost, isCurrent, { ...deps, minBackoffMs, signal })
      if (claims === undefined) return
      claimedGeneration = under
      for (const claim of claims) {
        ownership.claim(claim)
        if (isNew) continue
        seek(claim.partition, claim.nextOffset)
        consumer.resume(topic, [claim.partition])
      }
      log.info({ generation, partitions: ownership.owned }, 'partitions claimed')
    },
    lose(partition) {
      log.warn({ partition, generation }, 'another process has claimed this partition')
      ownership.lose(partition)
      queue.dropPartition(partition)
      states.dropPartition(partition)
      consumer.pause(topic, [partition])
      reclaimLater(Date.now())
    },
    seek,
    throttle() {
      if (!isPaused && queue.isFull) {
        isPaused = true
        consumer.pause(topic)
      } else if (isPaused && queue.hasRoom) {
        isPaused = false
        // Lost ones stay paused until they are claimed.
        consumer.resume(topic, ownership.owned)
      }
    },
    [Symbol.dispose]: () => clearTimeout(reclaimTimer),
  }
}
