import { setTimeout as sleep } from 'node:timers/promises'
import type { Meter, Release } from './ledger.ts'
import { measureCpu, residentMiB, type Processes } from './processes.ts'
import type { Room } from './room.ts'
import type { Row } from '../row.ts'

export interface Plan {
  readonly id: string
  readonly system: string
  readonly rooms: readonly Room[]
  /** Closed loop: messages in flight for each writer, and when a slot is free again. */
  readonly window?: number
  readonly release?: Release
  /** Open loop: messages a second over all writers, at planned times; latency counts from the planned time. */
  readonly ratePerSecond?: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Runs one plan: warm up, measure, stop sending, wait until everything has arrived, count what is missing. */
export async function runLoad(plan: Plan, meter: Meter, processes: Processes): Promise<Row> {
  for (const { ledger } of plan.rooms) ledger.release = plan.release ?? 'ack'
  const stop = plan.ratePerSecond === undefined ? closedLoop(plan) : openLoop(plan, plan.ratePerSecond)
  await sleep(plan.warmUpMs)
  meter.isMeasuring = true
  const startedAt = performance.now()
  const cpu = await measureCpu(processes, () => sleep(plan.measureMs))
  meter.isMeasuring = false
  const seconds = (performance.now() - startedAt) / 1000
  stop()
  const lost = await settle(plan.rooms)
  const unexpected = plan.rooms.reduce((sum, { ledger }) => sum + ledger.unexpected(), 0)
  return {
    id: plan.id,
    system: plan.system,
    messagesPerSecond: meter.acked / seconds,
    deliveriesPerSecond: meter.delivered / seconds,
    lost,
    duplicated: meter.duplicated + unexpected,
    reordered: meter.reordered,
    refused: meter.refused,
    closed: meter.closed.length,
    p50Ms: meter.latencies.percentile(50),
    p99Ms: meter.latencies.percentile(99),
    maxMs: meter.latencies.maxMs,
    cpuMicrosPerMessage: per(cpu, meter.acked),
    cpuMicrosPerDelivery: per(cpu, meter.delivered),
    cpuCores: new Map([...cpu].map(([group, used]) => [group, used / seconds])),
    rssMiB: residentMiB(processes),
    figures: {},
  }
}

/** Microseconds for each of so many; nothing when there were none. */
function per(cpu: ReadonlyMap<string, number>, count: number): Map<string, number> {
  return new Map(count === 0 ? [] : [...cpu].map(([group, seconds]) => [group, (seconds * 1e6) / count]))
}

function closedLoop({ rooms, window = 1 }: Plan): () => void {
  let isSending = true
  for (const { ledger, seats, writerCount } of rooms) {
    const send = (writer: number): void => {
      if (!isSending) return
      ledger.sent()
      seats[writer]!.send(performance.now())
    }
    ledger.onFree = send
    for (let writer = 0; writer < writerCount; writer += 1) for (let i = 0; i < window; i += 1) send(writer)
  }
  return () => {
    isSending = false
  }
}

function openLoop({ rooms }: Plan, ratePerSecond: number): () => void {
  const writers = rooms.flatMap(({ ledger, seats, writerCount }) =>
    seats.slice(0, writerCount).map((seat) => ({ ledger, seat })),
  )
  for (const { ledger } of rooms) ledger.onFree = () => {}
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const nowMs = performance.now()
    for (;;) {
      const dueMs = startedAt + (sent * 1000) / ratePerSecond
      if (dueMs > nowMs) return
      const { ledger, seat } = writers[sent % writers.length]!
      ledger.sent()
      seat.send(dueMs)
      sent += 1
    }
  }, 1)
  return () => clearInterval(timer)
}

const settleTimeoutMs = 10_000

/** Waits until everybody holds everything. Returns how much is missing after ten seconds in which nothing of it came. */
async function settle(rooms: readonly Room[]): Promise<number> {
  const countLost = () => rooms.reduce((sum, { ledger }) => sum + ledger.lost(), 0)
  let lost = countLost()
  for (let end = performance.now() + settleTimeoutMs; lost > 0 && performance.now() < end;) {
    await sleep(20)
    const now = countLost()
    if (now < lost) end = performance.now() + settleTimeoutMs
    lost = now
  }
  return lost
}
