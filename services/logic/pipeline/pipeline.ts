import type { Emitter } from '#delivery/emit.ts'
import type { AppError } from '#infra/errors/index.ts'
import { commitFrom, type BusConsumer, type RecordBatch, type Watermarks } from '#infra/kafka/index.ts'
import { every, withTimeout } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { createAppender, type AppendStream } from './append.ts'
import { createAssignment } from './assignment.ts'
import { createCommitLedger } from './commit.ts'
import { decodeRecord } from './consume.ts'
import { createDispatcher } from './dispatcher.ts'
import { createFailedFrames } from './failed-frames.ts'
import type { Poison } from './item.ts'
import { createPipelineMetrics } from './metrics.ts'
import { prepare } from './prepare.ts'
import { createPump } from './pump.ts'
import { createQueue } from './queue.ts'
import type { RepoPort } from './repo-port.ts'
import { createSettler } from './settle.ts'
import { createStates } from './state.ts'

export interface PipelineDeps {
  readonly topic: string
  readonly partitions: number
  readonly consumer: Pick<BusConsumer, 'pause' | 'resume' | 'seek' | 'commit' | 'health'>
  watermarks(): Promise<readonly Watermarks[]>
  readonly repo: RepoPort
  /** Conversations with more members are large. */
  threshold(): number
  openAppendStream(): AppendStream
  readonly emitter: Emitter
  /** Hands poison over to where operators see it. The same may come again. @throws AppError UNAVAILABLE */
  reportPoison(poison: readonly Poison[]): Promise<void>
  readonly metrics: Metrics
  readonly log: Logger
  /** Something that must not happen did; a new process starts from what is stored. */
  onCrash(error: AppError): void
  readonly now?: () => number
  readonly timing?: Partial<PipelineTiming>
}

export interface PipelineTiming {
  /** From the beginning of one batch to that of the next, at least. */
  readonly batchGapMs: number
  readonly commitEveryMs: number
  /** A fenced partition that is still assigned after this long, heartbeat included, is claimed again. */
  readonly reclaimAfterMs: number
  readonly appendTimeoutMs: number
  readonly minBackoffMs: number
  /** For what is under way when stopping; what is left then is done by the next owner. */
  readonly stopTimeoutMs: number
}

const defaultTiming: PipelineTiming = {
  batchGapMs: 8,
  commitEveryMs: 1000,
  reclaimAfterMs: 5000,
  appendTimeoutMs: 10_000,
  minBackoffMs: 50,
  stopTimeoutMs: 3000,
}

/** The message path: commands in from gochat.upstream, effects in the database, answers and deliveries out. */
export interface Pipeline extends AsyncDisposable {
  onAssigned(partitions: readonly number[], generation: number): void
  /** Hands over and returns. */
  onRecords(batch: RecordBatch): void
  /** The first assignment is claimed. */
  readonly isReady: boolean
  /** Nothing waits and nothing is under way. */
  readonly isIdle: boolean
  /** Tells Kafka how far the work is. Happens by itself, once a second and at the end. */
  commit(): Promise<void>
}

export function createPipeline(deps: PipelineDeps): Pipeline {
  const { topic, partitions, consumer, repo, emitter, reportPoison, log, onCrash, now = Date.now } = deps
  const { batchGapMs, commitEveryMs, reclaimAfterMs, appendTimeoutMs, minBackoffMs, stopTimeoutMs } = {
    ...defaultTiming,
    ...deps.timing,
  }
  const ending = new AbortController()
  const { signal } = ending
  const queue = createQueue()
  const states = createStates()
  const ledger = createCommitLedger(topic)
  const metrics = createPipelineMetrics(deps.metrics, log, {
    ownedPartitions: () => assignment.ownership.owned.length,
    queuedCommands: () => queue.commands,
  })
  const assignment = createAssignment({
    topic,
    consumer,
    repo,
    queue,
    states,
    log,
    signal,
    minBackoffMs,
    reclaimAfterMs,
    watermarks: () => deps.watermarks(),
    onClaimDue: () => pump.wake(),
  })
  const appender = createAppender({
    log,
    signal,
    minBackoffMs,
    timeoutMs: appendTimeoutMs,
    open: () => deps.openAppendStream(),
  })
  const settler = createSettler({
    appender,
    states,
    metrics,
    log,
    now,
    threshold: () => deps.threshold(),
    failedFrames: createFailedFrames(),
    prepare: (items, threshold, isCurrent) =>
      prepare(items, threshold, isCurrent, { repo, states, partitions, log, signal, minBackoffMs }),
  })
  const dispatcher = createDispatcher({ emitter, reportPoison, metrics, log, signal, minBackoffMs })
  const pump = createPump({
    queue,
    assignment,
    states,
    settler,
    dispatcher,
    ledger,
    metrics,
    log,
    batchGapMs,
    signal,
    onCrash,
  })

  const commit = () => commitFrom(ledger, consumer)

  const commits = every(commitEveryMs, commit, {
    signal,
    unref: true,
    onError: (error) => log.warn({ err: error }, 'offsets cannot be committed: trying again'),
  })

  return {
    onAssigned(assigned, generation) {
      assignment.assign(assigned, generation)
      ledger.reset(generation)
      pump.wake()
    },
    onRecords(batch) {
      if (batch.generation !== assignment.generation) return
      for (const record of batch.records) {
        queue.push(decodeRecord(batch.partition, record, partitions))
      }
      assignment.throttle()
      pump.wake()
    },
    get isReady() {
      return assignment.isReady
    },
    get isIdle() {
      return pump.isIdle && queue.commands === 0
    },
    commit,
    async [Symbol.asyncDispose]() {
      await withTimeout(pump.stop(), stopTimeoutMs).catch(() => log.warn('stopping in the middle of a batch'))
      ending.abort()
      await commits[Symbol.asyncDispose]()
      assignment[Symbol.dispose]()
      await commit().catch((error: unknown) => log.warn({ err: error }, 'the last commit failed'))
      await appender[Symbol.asyncDispose]()
    },
  }
}
