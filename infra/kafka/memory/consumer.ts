import { toAppError } from '../../errors/index.ts'
import { createAssignment, fenced, keyOf, listOf, type Held } from '../assignment.ts'
import type { BusConsumer, ConsumerRun } from '../bus.ts'
import type { Member, MemoryGroups } from './groups.ts'
import type { MemoryLog } from './log.ts'

const maxBatchRecords = 500

/** Hands over in turns of the event loop, as a client reading from a socket would. */
export function createMemoryConsumer(log: MemoryLog, groups: MemoryGroups): BusConsumer {
  const assignment = createAssignment()
  const lastPositions = new Map<string, number>()
  let run: ConsumerRun | undefined
  let member: Member | undefined
  let scheduled: NodeJS.Immediate | undefined
  let lastFetchAt: number | undefined
  let unsubscribe = () => {}

  function start(options: ConsumerRun): Held[] {
    return assignment.held().map((held) => {
      const committed = groups.committed(options.groupId).get(keyOf(held.topic, held.partition))?.offset
      const lastPosition = lastPositions.get(keyOf(held.topic, held.partition))
      held.highWatermark = log.partitionsOf(held.topic)[held.partition]?.length ?? 0
      if (options.startAt === 'end') held.position ??= lastPosition ?? committed ?? held.highWatermark
      else held.position ??= committed ?? 0
      return held
    })
  }

  function schedule(): void {
    scheduled ??= setImmediate(() => {
      scheduled = undefined
      for (const held of assignment.held()) handOver(held)
    })
  }

  function handOver(held: Held): void {
    const { topic, partition } = held
    const position = held.position ?? 0
    const records = log.partitionsOf(topic)[partition] ?? []
    lastFetchAt = Date.now()
    held.highWatermark = records.length
    // What an earlier partition's hand-over paused or revoked.
    if (run === undefined || held.isPaused || assignment.find(topic, partition) !== held) return
    if (position >= records.length) return
    const batch = records.slice(position, position + maxBatchRecords)
    move(held, position + batch.length)
    schedule()
    const { generation } = assignment
    try {
      run.onRecords({ topic, partition, records: batch, highWatermark: records.length, generation })
    } catch (error) {
      const { onCrash } = run
      stop()
      onCrash(toAppError(error))
    }
  }

  function move(held: Held, position: number): void {
    held.position = position
    lastPositions.set(keyOf(held.topic, held.partition), position)
  }

  function setPaused(isPaused: boolean, topic: string, partitions?: readonly number[]): void {
    for (const held of assignment.held(topic, partitions)) held.isPaused = isPaused
    schedule()
  }

  function stop(): void {
    unsubscribe()
    clearImmediate(scheduled)
    assignment.leave()
    if (run !== undefined && member !== undefined) groups.leave(run.groupId, member)
    member = undefined
  }

  return {
    async run(options) {
      if (run !== undefined) throw new Error('this consumer runs already')
      run = options
      unsubscribe = log.onAppend(schedule)
      member = {
        topics: options.topics,
        revoke() {
          if (!assignment.isJoined) return
          options.onRevoked?.(listOf(assignment.held()), assignment.generation)
          assignment.leave()
        },
        assign(assigned) {
          assignment.join(assigned)
          options.onAssigned(assigned, assignment.generation)
          start(options)
          schedule()
        },
      }
      groups.join(options.groupId, member)
    },
    pause: (topic, partitions) => setPaused(true, topic, partitions),
    resume: (topic, partitions) => setPaused(false, topic, partitions),
    seek(topic, partition, offset) {
      const held = assignment.find(topic, partition)
      if (held === undefined) throw fenced(topic, partition, 'is not assigned')
      move(held, offset)
      schedule()
    },
    async commit(offsets) {
      assignment.assertCommittable(offsets)
      if (run !== undefined) groups.commit(run.groupId, offsets)
    },
    committed: async () => (run === undefined ? [] : [...groups.committed(run.groupId).values()]),
    health: () => ({
      isJoined: assignment.isJoined,
      lastFetchAt,
      lastHeartbeatAt: lastFetchAt,
      assigned: listOf(assignment.held()),
      paused: listOf(assignment.held().filter(({ isPaused }) => isPaused)),
      lag: assignment.lag(),
    }),
    stop: async () => stop(),
    [Symbol.asyncDispose]: async () => stop(),
  }
}
