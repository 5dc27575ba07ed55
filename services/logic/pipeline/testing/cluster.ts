import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { partitionOf } from '#delivery/partition.ts'
import type { AudienceOut, Emission, Emitter } from '#delivery/emit.ts'
import { AppError } from '#infra/errors/index.ts'
import type { ConsumedRecord } from '#infra/kafka/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { silentLogger, testMetrics, waitFor } from '#infra/testing/index.ts'
import { TaskRecordSchema, type SettleDue } from '#proto/gen/gochat/task/v1/task_pb.ts'
import { type CommandSchema, UpstreamRecordSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type { Poison } from '../item.ts'
import { createPipeline, type Pipeline, type PipelineTiming } from '../pipeline.ts'
import { createAudiences } from './audiences.ts'
import type { MemoryRepo } from './memory-repo.ts'

export const topic = 'gochat.upstream'

export type CommandInit = MessageInitShape<typeof CommandSchema>

/** One frame as a client would get it, with who it went to. */
export interface Emitted {
  readonly frame: Record<string, unknown>
  readonly userIds: readonly string[]
}

/** The log of gochat.upstream, what its group committed, and what all processes emitted. Rebalances happen when told. */
export interface Cluster {
  readonly repo: MemoryRepo
  readonly partitions: number
  readonly logs: ConsumedRecord[][]
  readonly committed: Map<number, number>
  readonly replies: Record<string, unknown>[]
  readonly deliveries: Emitted[]
  /** As they were sent; in deliveries they stand for whom a gateway would give them to. */
  readonly audiences: AudienceOut[]
  readonly settleDues: SettleDue[]
  readonly poison: Poison[]
  isTransportDown: boolean
  /** Conversations with more members are large. */
  threshold: number
  /** One record for commands of one partition. */
  produce(commands: readonly CommandInit[], timestampMs?: number): void
  produceRaw(partition: number, value: Buffer): void
  start(timing?: Partial<PipelineTiming>): Process
}

export interface Process {
  readonly pipeline: Pipeline
  readonly metrics: Metrics
  readonly assigned: readonly number[]
  readonly paused: ReadonlySet<number>
  readonly crashes: AppError[]
  /** A new generation, read from what is committed; `stale` keeps the old positions, as a slow rejoin does. */
  assign(partitions: readonly number[]): void
  /** Hands over up to so many records of each partition. */
  fetch(maxRecords?: number): void
  /** Fetches until there is nothing left to do. */
  drain(): Promise<void>
  settle(): Promise<void>
  /** As kill -9: nothing is finished, nothing is committed. */
  kill(): void
}

const timing: Partial<PipelineTiming> = {
  batchGapMs: 0,
  commitEveryMs: 60_000,
  reclaimAfterMs: 20,
  appendTimeoutMs: 2000,
  minBackoffMs: 1,
  stopTimeoutMs: 500,
}

export function createCluster(repo: MemoryRepo, partitions = 2): Cluster {
  const logs: ConsumedRecord[][] = Array.from({ length: partitions }, () => [])
  const committed = new Map<number, number>()
  const whoIsIn = createAudiences(repo)

  function push(partition: number, value: Buffer, timestampMs = Date.now()): void {
    const log = logs[partition]!
    log.push({ offset: log.length, key: undefined, value, timestampMs, headers: {} })
  }

  const cluster: Cluster = {
    repo,
    partitions,
    logs,
    committed,
    replies: [],
    deliveries: [],
    audiences: [],
    settleDues: [],
    poison: [],
    isTransportDown: false,
    threshold: 500,
    produce(commands, timestampMs) {
      const partition = partitionOf(commands[0]?.conversationId ?? '', partitions)
      push(
        partition,
        Buffer.from(toBinary(UpstreamRecordSchema, create(UpstreamRecordSchema, { commands: [...commands] }))),
        timestampMs,
      )
    },
    produceRaw: push,
    start: (more = {}) => startProcess(cluster, whoIsIn, { ...timing, ...more }),
  }
  return cluster
}

function startProcess(
  cluster: Cluster,
  whoIsIn: (audience: AudienceOut) => string[],
  timing: Partial<PipelineTiming>,
): Process {
  const { repo, logs, committed, partitions } = cluster
  const positions = new Map<number, number>()
  const paused = new Set<number>()
  const crashes: AppError[] = []
  const metrics = testMetrics()
  let assigned: readonly number[] = []
  let generation = 0
  let isKilled = false

  const emitter: Emitter = {
    async emit(emission: Emission) {
      if (isKilled) return new Promise(() => {})
      await new Promise((resolve) => setImmediate(resolve))
      if (cluster.isTransportDown) throw new AppError('UNAVAILABLE')
      cluster.replies.push(...emission.replies.map(({ payload }) => parse(payload)))
      for (const { payload, userIds, audience } of emission.deliveries) {
        if (audience !== undefined) cluster.audiences.push(audience)
        cluster.deliveries.push({
          frame: parse(payload),
          userIds: audience === undefined ? userIds : whoIsIn(audience),
        })
      }
      cluster.settleDues.push(...(emission.tasks ?? []).flatMap(({ value }) => settleDuesIn(value)))
    },
  }

  const pipeline = createPipeline({
    topic,
    partitions,
    consumer: {
      pause: (_topic, list = assigned) => list.forEach((partition) => paused.add(partition)),
      resume: (_topic, list = assigned) => list.forEach((partition) => paused.delete(partition)),
      seek: (_topic, partition, offset) => void positions.set(partition, offset),
      // Kafka takes what a former owner commits for a partition that it lost.
      async commit(offsets) {
        for (const { partition, offset } of offsets) committed.set(partition, offset)
      },
      health: () => ({
        isJoined: true,
        lastFetchAt: Date.now(),
        lastHeartbeatAt: Date.now(),
        assigned: [],
        paused: [],
        lag: 0,
      }),
    },
    watermarks: async () => logs.map((log, partition) => ({ partition, low: 0, high: log.length })),
    repo,
    threshold: () => cluster.threshold,
    openAppendStream: () => repo.openAppendStream(),
    emitter,
    reportPoison: async (found) => void cluster.poison.push(...found),
    metrics,
    log: silentLogger(),
    onCrash: (error) => crashes.push(error),
    timing,
  })

  const process: Process = {
    pipeline,
    metrics,
    paused,
    crashes,
    get assigned() {
      return assigned
    },
    assign(next) {
      assigned = next
      generation += 1
      paused.clear()
      positions.clear()
      for (const partition of next) positions.set(partition, committed.get(partition) ?? 0)
      pipeline.onAssigned(next, generation)
    },
    fetch(maxRecords = 1000) {
      for (const partition of assigned) {
        const from = positions.get(partition) ?? 0
        const log = logs[partition]!
        const records = log.slice(from, from + maxRecords)
        if (paused.has(partition) || records.length === 0 || isKilled) continue
        positions.set(partition, from + records.length)
        pipeline.onRecords({ topic, partition, records, highWatermark: log.length, generation })
      }
    },
    async settle() {
      await waitFor(() => pipeline.isIdle || crashes.length > 0, { what: 'an idle pipeline', pollMs: 1 })
      if (crashes[0] !== undefined) throw crashes[0]
    },
    async drain() {
      const isAtEnd = () => assigned.every((partition) => (positions.get(partition) ?? 0) >= logs[partition]!.length)
      do {
        process.fetch()
        await process.settle()
      } while (!isAtEnd())
    },
    kill() {
      isKilled = true
      assigned = []
      pipeline.onAssigned([], ++generation)
    },
  }
  return process
}

function parse(payload: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>
}

function settleDuesIn(value: Uint8Array): SettleDue[] {
  return fromBinary(TaskRecordSchema, value).tasks.flatMap(({ body }) =>
    body.case === 'settleDue' ? [body.value] : [],
  )
}
