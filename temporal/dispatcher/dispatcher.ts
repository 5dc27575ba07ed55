import { fromBinary } from '@bufbuild/protobuf'
import { topics } from '#delivery/topics.ts'
import { toAppError, type AppError } from '#infra/errors/index.ts'
import type { Bus, RecordBatch } from '#infra/kafka/index.ts'
import { backoff, sleep } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { TaskRecordSchema, type Task } from '#proto/gen/gochat/task/v1/task_pb.ts'

export interface DispatcherOptions {
  readonly bus: Bus
  /** Must be idempotent: a task may come again. */
  readonly start: (task: Task) => Promise<void>
  readonly log: Logger
  readonly metrics: Metrics
  readonly signal: AbortSignal
  readonly onCrash: (error: AppError) => void
}

export interface Dispatcher extends AsyncDisposable {
  readonly isReady: boolean
}

/** Batches that wait; beyond it their partitions pause. */
const maxQueuedBatches = 64

/**
 * Reads gochat.tasks and turns each task into a workflow; commits behind what Temporal has taken. While Temporal is away the
 * topic grows, and nothing is lost.
 */
export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { bus, log, metrics, signal } = options
  const tasks = metrics.counter('gochat_dispatcher_tasks_total', 'Tasks handed to Temporal.', ['kind'])
  const poison = metrics.counter(
    'gochat_dispatcher_poison_total',
    'Records of gochat.tasks that no dispatcher understands.',
  )
  const consumer = await bus.consumer()
  const queue: RecordBatch[] = []
  let generation = 0
  let isBusy = false
  let work = Promise.resolve()

  await consumer.run({
    groupId: 'dispatcher',
    topics: [topics.tasks],
    startAt: 'committed',
    onAssigned: (_, joined) => {
      generation = joined
      queue.length = 0
    },
    onRecords: (batch) => {
      queue.push(batch)
      if (queue.length >= maxQueuedBatches) consumer.pause(topics.tasks)
      if (!isBusy) work = drain()
    },
    onCrash: options.onCrash,
  })
  return {
    get isReady() {
      return consumer.health().isJoined
    },
    async [Symbol.asyncDispose]() {
      queue.length = 0
      await work
      await consumer.stop()
    },
  }

  async function drain(): Promise<void> {
    isBusy = true
    for (let batch = queue.shift(); batch !== undefined && !signal.aborted; batch = queue.shift()) {
      await take(batch).catch((error: unknown) =>
        log.warn({ err: error }, 'a batch of tasks was not finished; it is read again'),
      )
      if (queue.length === 0) consumer.resume(topics.tasks)
    }
    isBusy = false
  }

  async function take(batch: RecordBatch): Promise<void> {
    for (const record of batch.records) {
      for (const task of decode(record.value, batch, record.offset)) {
        if (!(await startUntilTaken(task, batch))) return
        tasks.inc({ kind: task.body.case ?? 'unknown' })
      }
    }
    const { topic, partition } = batch
    await consumer.commit([{ topic, partition, offset: batch.records.at(-1)!.offset + 1 }])
  }

  /** False when the partition went to somebody else, or the process stops, before Temporal had taken it. */
  async function startUntilTaken(task: Task, batch: RecordBatch): Promise<boolean> {
    for (const pauseMs of backoff({ minMs: 100, maxMs: 5_000 })) {
      if (batch.generation !== generation || signal.aborted) return false
      try {
        await options.start(task)
        return true
      } catch (error) {
        log.warn({ err: toAppError(error), kind: task.body.case }, 'Temporal did not take a task; trying again')
        await sleep(pauseMs, signal).catch(() => {})
      }
    }
    return false
  }

  function decode(value: Buffer, { topic, partition }: RecordBatch, offset: number): Task[] {
    try {
      return fromBinary(TaskRecordSchema, value).tasks.filter((task) => task.body.case !== undefined)
    } catch {
      poison.inc()
      log.error({ topic, partition, offset }, 'a record of tasks cannot be decoded and is passed over')
      return []
    }
  }
}
