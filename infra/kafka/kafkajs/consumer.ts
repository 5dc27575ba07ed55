import type { Consumer, EachBatchPayload } from 'kafkajs'
import { AppError, toAppError } from '../../errors/index.ts'
import { sleep, withTimeout } from '../../lifecycle/index.ts'
import type { Logger } from '../../logger/index.ts'
import { createAssignment, fenced, listOf } from '../assignment.ts'
import type { BusConsumer, ConsumerRun, TopicPartitionOffset } from '../bus.ts'
import { showConsumer, topicLabel, type KafkaMetrics } from '../metrics.ts'
import type { KafkajsAdmin } from './admin.ts'
import { toBusError } from './errors.ts'
import { fetchedOffsetOf, judge, toRecordBatch } from './intake.ts'
import { watchMembership, type Membership } from './membership.ts'
import { startWatchdog } from './watchdog.ts'

const stopTimeoutMs = 5000
const fetchQuietMs = 10_000
/** Joining waits for the slowest member (rebalanceTimeout, 20 s) or for a dead one's session (10 s). */
const joinQuietMs = 60_000

export interface ConsumerDeps {
  createConsumer(groupId: string, canRestart: () => boolean): Consumer
  readonly admin: KafkajsAdmin
  readonly log: Logger
  readonly metrics: KafkaMetrics
}

export function createConsumer({ createConsumer, admin, log, metrics }: ConsumerDeps): BusConsumer {
  const assignment = createAssignment()
  const cleanup = new AsyncDisposableStack()
  const stopping = new AbortController()
  let run: ConsumerRun | undefined
  let consumer: Consumer | undefined
  let membership: Membership | undefined
  /** kafkajs's commit of one attempt under the present generation; its other one retries into the next generation. */
  let commitOnce: EachBatchPayload['commitOffsetsIfNecessary'] | undefined
  let stopped: Promise<void> | undefined

  async function start(options: ConsumerRun): Promise<void> {
    if (run !== undefined) throw new Error('this consumer runs already')
    run = {
      ...options,
      onCrash(error) {
        void stop()
        options.onCrash(error)
      },
    }
    const own = (consumer = createConsumer(options.groupId, () => !stopping.signal.aborted))
    const onJoin = () => metrics.rebalances.inc({ topic: topicLabel(options.topics[0] ?? '') })
    const member = watchMembership({ run, consumer, assignment, admin, log, signal: stopping.signal, onJoin })
    membership = member
    member.onLost(() => (commitOnce = undefined))
    cleanup.defer(showConsumer(metrics, options.topics, assignment))
    try {
      await withTimeout(runKafkajs(options, own, member), options.startTimeoutMs ?? 60_000, 'UNAVAILABLE')
    } catch (error) {
      await stop()
      throw toBusError(error, `Group ${options.groupId} could not be joined.`)
    }
    cleanup.use(
      startWatchdog({
        lastSign: () => member.lastSign,
        quietMs: () => (assignment.isJoined ? fetchQuietMs : joinQuietMs),
        probe: () => admin.watermarks(options.topics[0] ?? ''),
        onStall: () => member.crash(new AppError('UNAVAILABLE', { message: 'The consumer stands still.' })),
      }),
    )
  }

  async function runKafkajs(options: ConsumerRun, own: Consumer, member: Membership): Promise<void> {
    await own.connect()
    // Where there is no position, or one outside the log, rather too much than too little.
    await own.subscribe({ topics: [...options.topics], fromBeginning: true })
    await own.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: (payload) => eachBatch(payload, options, own, member),
    })
    await member.started
  }

  async function eachBatch(payload: EachBatchPayload, options: ConsumerRun, own: Consumer, member: Membership) {
    const { batch } = payload
    const { topic, partition } = batch
    const held = assignment.find(topic, partition)
    if (held === undefined) return
    // Right after a join. Bounded: heartbeats go out between batches.
    if (held.position === undefined) await Promise.race([member.positionsKnown, sleep(1000)])
    if (!payload.isRunning() || payload.isStale()) return

    const verdict = judge(held, fetchedOffsetOf(batch))
    if (verdict === 'drop') return
    if (verdict === 'seek-back') return own.seek({ topic, partition, offset: String(held.position) })
    if (verdict === 'jump') log.warn({ topic, partition, position: held.position }, 'the log goes on elsewhere')
    held.position = Number(batch.lastOffset()) + 1
    held.highWatermark = Number(batch.highWatermark)
    commitOnce = payload.commitOffsetsIfNecessary
    payload.resolveOffset(batch.lastOffset())
    metrics.records.inc({ direction: 'in', topic: topicLabel(topic) }, batch.messages.length)
    try {
      options.onRecords(toRecordBatch(batch, assignment.generation))
    } catch (error) {
      member.crash(toAppError(error))
    }
  }

  function setPaused(isPaused: boolean, topic: string, partitions?: readonly number[]): void {
    const changed = assignment.held(topic, partitions).filter((held) => held.isPaused !== isPaused)
    for (const held of changed) held.isPaused = isPaused
    if (changed.length === 0) return
    if (isPaused) consumer?.pause(listOf(changed).map(toKafkajs))
    else consumer?.resume(listOf(changed).map(toKafkajs))
  }

  async function commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    assignment.assertCommittable(offsets)
    if (commitOnce === undefined) throw new AppError('UNAVAILABLE', { message: 'Nothing was handed over yet.' })
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, own]) => ({
      topic,
      partitions: own.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }))
    try {
      if (topics.length > 0) await commitOnce({ topics })
    } catch (error) {
      throw toBusError(error, 'The offsets could not be committed.')
    }
  }

  function stop(): Promise<void> {
    stopped ??= (async () => {
      stopping.abort()
      assignment.leave()
      await cleanup.disposeAsync()
      if (consumer !== undefined) await withTimeout(consumer.disconnect(), stopTimeoutMs)
    })().catch((error: unknown) => log.warn({ err: error }, 'the consumer did not leave its group in time'))
    return stopped
  }

  return {
    run: start,
    pause: (topic, partitions) => setPaused(true, topic, partitions),
    resume: (topic, partitions) => setPaused(false, topic, partitions),
    seek(topic, partition, offset) {
      const held = assignment.find(topic, partition)
      if (held === undefined) throw fenced(topic, partition, 'is not assigned')
      held.position = offset
      held.misses = 0
      consumer?.seek({ topic, partition, offset: String(offset) })
    },
    commit,
    committed: async () => (run === undefined ? [] : admin.committed(run.groupId, run.topics)),
    health: () => ({
      isJoined: assignment.isJoined,
      lastFetchAt: membership?.lastFetchAt,
      lastHeartbeatAt: membership?.lastHeartbeatAt,
      assigned: listOf(assignment.held()),
      paused: listOf(assignment.held().filter(({ isPaused }) => isPaused)),
      lag: assignment.lag(),
    }),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function toKafkajs({ topic, partitions }: { topic: string; partitions: readonly number[] }) {
  return { topic, partitions: [...partitions] }
}
