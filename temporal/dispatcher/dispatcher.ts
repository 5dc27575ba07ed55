import type { SettlingMarks } from '#delivery/settling.ts'
import { topics } from '#delivery/topics.ts'
import type { AppError } from '#infra/errors/index.ts'
import { commitFrom, type Bus, type RecordBatch } from '#infra/kafka/index.ts'
import { every } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import { decodeTasks } from './decode.ts'
import { createGate } from './gate.ts'
import { createCommitLedger, type Ticket } from './ledger.ts'
import { createLetters, type LettersDeps } from './letters.ts'
import { createDispatcherMetrics } from './metrics.ts'
import { createPoker, type PokerDeps } from './poker.ts'

export interface DispatcherOptions {
  readonly bus: Bus
  readonly marks: Pick<SettlingMarks, 'marked'>
  readonly poke: PokerDeps['poke']
  readonly startDeadLetter: LettersDeps['start']
  readonly keepCopy: LettersDeps['keepCopy']
  readonly log: Logger
  readonly metrics: Metrics
  readonly onCrash: (error: AppError) => void
  /** Records that are read and not done; beyond it their partitions pause. Default 2 000. */
  readonly maxWaiting?: number
  /** Default 1 000. */
  readonly commitEveryMs?: number
}

/** Disposing it leaves what is not done to the next one. */
export interface Dispatcher extends AsyncDisposable {
  readonly isReady: boolean
}

/** Calls under way, pokes and dead letters together. */
const maxCalls = 8

/**
 * Reads gochat.tasks and has Temporal do them; commits behind what Temporal has taken. While Temporal is away the topic grows,
 * and nothing is lost.
 */
export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { bus, log, maxWaiting = 2_000, commitEveryMs = 1_000 } = options
  const ending = new AbortController()
  const { signal } = ending
  const consumer = await bus.consumer()
  const ledger = createCommitLedger(topics.tasks)
  const metrics = createDispatcherMetrics(options.metrics, () => ledger.waiting)
  const shared = { gate: createGate(maxCalls), metrics, log, signal, onDone }
  const poker = createPoker({ ...shared, marks: options.marks, poke: options.poke })
  const letters = createLetters({ ...shared, ledger, start: options.startDeadLetter, keepCopy: options.keepCopy })
  let isPaused = false

  function take({ partition, records }: RecordBatch): void {
    for (const { offset, value } of records) {
      const tasks = decodeTasks(value)
      if (typeof tasks === 'string') {
        letters.parkRecord(value, tasks, ledger.open(partition, offset, 1))
        continue
      }
      const ticket = ledger.open(partition, offset, tasks.length)
      for (const task of tasks) {
        if (task.case === 'settleDue') poker.add(task.value.conversationId, task.value.headSeq, ticket)
        else {
          const { topic, partition, offset, index, reason } = task.value
          letters.park({ kind: 'poison', topic, partition, offset, index, reason }, ticket)
        }
      }
    }
  }

  function onDone(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) ledger.done(ticket)
    throttle()
  }

  function throttle(): void {
    if (!isPaused && ledger.waiting >= maxWaiting) {
      isPaused = true
      consumer.pause(topics.tasks)
    } else if (isPaused && ledger.waiting <= maxWaiting / 2) {
      isPaused = false
      consumer.resume(topics.tasks)
    }
  }

  const commit = () => commitFrom(ledger, consumer)

  await consumer.run({
    groupId: 'dispatcher',
    topics: [topics.tasks],
    startAt: 'committed',
    onAssigned(_, generation) {
      ledger.reset(generation)
      poker.clear()
      isPaused = false
    },
    onRecords(batch) {
      if (batch.generation !== ledger.generation) return
      take(batch)
      throttle()
    },
    onCrash: options.onCrash,
  })
  const commits = every(commitEveryMs, commit, {
    signal,
    unref: true,
    onError: (error) => log.warn({ err: error }, 'offsets cannot be committed: trying again'),
  })
  return {
    get isReady() {
      return consumer.health().isJoined
    },
    async [Symbol.asyncDispose]() {
      ending.abort()
      await commits[Symbol.asyncDispose]()
      await commit().catch((error: unknown) => log.warn({ err: error }, 'the last commit failed'))
      await consumer.stop()
    },
  }
}
